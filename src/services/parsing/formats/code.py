"""Source code by the structure that a tree-sitter grammar sees; damaged source still has one."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from src.core.passages import PassageKind
from src.services.parsing.encodings import decode
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Original, Piece, Reading, shortened

from . import nodes
from .languages import Language
from .text import as_text

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_FUNCTIONS = (PassageKind.FUNCTION, PassageKind.METHOD)
_SHORT = 3  # lines; a function this short inside an expression belongs to what surrounds it
_MOST_IMPORTS = 200
_PATIENCE_S = 10.0  # processor time; usual code takes a second for a dozen megabytes
_CHUNK = 2**16
_LONGEST_SYMBOL = 500


class CodeFormat:
    """Reads one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._grammar: Any = None

    @property
    def name(self) -> str:
        return self._language.name

    @property
    def suffixes(self) -> frozenset[str]:
        return self._language.suffixes

    @property
    def media_types(self) -> frozenset[str]:
        return self._language.media_types

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content)
        notices = (decoded.notice,) if decoded.notice else ()
        lines = Lines(decoded.text)
        source = "\n".join(lines.all).encode()
        tree = self._tree(source, min(_PATIENCE_S, limits.seconds_per_file / 3))
        if tree is None:
            reason = "The file is too far from its language to be read by structure; it was taken in as text."
            return as_text(lines, self.name, (*notices, reason))
        pieces, statements = _Outline(self._language, lines, source).of(tree.root_node)
        return Reading(self.name, lines, pieces, notices=notices, borders=statements, statements=statements)

    def _tree(self, source: bytes, seconds: float) -> Tree | None:
        """The syntax tree, or None where the parser loses itself in mending what is no code."""
        from tree_sitter import Language as Grammar
        from tree_sitter import Parser

        if self._grammar is None:
            module = importlib.import_module(self._language.module)
            self._grammar = Grammar(getattr(module, self._language.function)())
        deadline = time.process_time() + seconds
        try:
            return Parser(self._grammar).parse(
                lambda offset, _: source[offset : offset + _CHUNK],
                progress_callback=lambda _, __: time.process_time() > deadline,
            )
        except ValueError:  # how the binding says that the callback ended it
            return None


@dataclass(slots=True)
class _Lead:
    """Where a definition begins and ends with what is written around it (``export``, comments)."""

    start: int
    end: int
    alone: bool  # nothing else stands before it on its first line
    comments: list[str] = field(default_factory=list)
    decorators: list[str] = field(default_factory=list)


class _Outline:
    """One walk over a tree that finds every definition and statement."""

    def __init__(self, language: Language, lines: Lines, source: bytes) -> None:
        self._language = language
        self._lines = lines
        self._source = source
        self._statements: set[int] = set()
        self._imports: list[str] = []
        self._waiting: list[tuple[Node, Piece, _Lead | None]] = []

    def of(self, root: Node) -> tuple[list[Piece], frozenset[int]]:
        module = Piece(PassageKind.MODULE, 1, len(self._lines), context="module")
        module.attributes["language"] = self._language.name
        self._waiting.append((root, module, None))
        while self._waiting:
            self._visit(*self._waiting.pop())
        if self._imports:
            module.attributes["imports"] = self._imports[:_MOST_IMPORTS]
        _order(module)
        return [module], frozenset(self._statements)

    def _visit(self, node: Node, owner: Piece, lead: _Lead | None) -> None:
        """Look at the children of ``node``; ``lead`` is its own where it merely wraps a definition."""
        is_body = nodes.is_body(node)
        comments: list[Node] = []
        for child in node.named_children:
            if nodes.is_comment(child) or nodes.is_attribute(child):
                comments.append(child)
                continue
            mine = lead if lead is not None and not nodes.is_ornament(child) else None
            mine = mine or self._lead(child, comments)
            comments = []
            if is_body and mine.alone:
                self._statements.add(nodes.first_line(child))
            if child.type in self._language.imports:
                self._imports.append(nodes.one_line(child, 200))
            defined = nodes.defined(child, self._language.kinds)
            if defined is not None and self._wanted(child, owner, mine, defined[1]):
                self._waiting.append((child, self._enter(child, owner, mine, *defined), None))
            elif nodes.is_wrapper(child):
                self._waiting.append((child, owner, mine))
            elif child.named_child_count:
                self._waiting.append((child, owner, None))

    def _lead(self, node: Node, comments: list[Node]) -> _Lead:
        start = nodes.first_line(node)
        before = self._lines[start][: node.start_point.column] if start <= len(self._lines) else ""
        lead = _Lead(start, nodes.last_line(node), not before.strip())
        for comment in reversed(comments):
            alone = not self._lines[nodes.first_line(comment)][: comment.start_point.column].strip()
            if nodes.last_line(comment) != lead.start - 1 or not alone:
                break
            lead.start = nodes.first_line(comment)
            text = nodes.text(comment)
            (lead.comments if nodes.is_comment(comment) else lead.decorators).insert(0, text)
        return lead

    def _wanted(self, node: Node, owner: Piece, lead: _Lead, kind: PassageKind) -> bool:
        height = lead.end - nodes.first_line(node) + 1
        if not lead.alone:
            return False
        if kind is PassageKind.FUNCTION and owner.kind in _FUNCTIONS:
            return height > 1
        if kind is PassageKind.FUNCTION and owner.kind is PassageKind.CLASS and not nodes.has_body(node):
            return False  # a mere signature stays with the interface
        return height > _SHORT or not nodes.is_in_expression(node)

    def _enter(self, node: Node, owner: Piece, lead: _Lead, name: str, kind: PassageKind) -> Piece:
        receiver, _, simple = name.rpartition(".")
        if kind is PassageKind.FUNCTION and (
            owner.kind is PassageKind.CLASS or node.type == "method_declaration"
        ):
            kind = PassageKind.METHOD
        signature = nodes.signature(node, self._source)
        label = f"{kind.value} {simple}" if kind in _FUNCTIONS else nodes.unqualified(signature)
        above = [owner.context] if owner.kind is not PassageKind.MODULE or owner.symbol else []
        if receiver and kind in _FUNCTIONS:
            above.append(receiver)
        piece = Piece(
            kind,
            lead.start,
            lead.end,
            context=shortened(" › ".join([*above, label])),
            symbol=(f"{owner.symbol}.{name}" if owner.symbol else name)[-_LONGEST_SYMBOL:],
            attributes={"language": self._language.name, "signature": signature},
        )
        if docstring := nodes.uncommented(lead.comments):
            piece.attributes["docstring"] = docstring
        if decorators := [*lead.decorators, *nodes.decorators(node)]:
            piece.attributes["decorators"] = decorators
        owner.inner.append(piece)
        self._statements.add(nodes.first_line(node))
        return piece


def _order(root: Piece) -> None:
    """Sort inner pieces and drop those that share lines with the one before or the outer one's head."""
    waiting = [root]
    while waiting:
        piece = waiting.pop()
        last = piece.start if piece is not root else 0
        kept: list[Piece] = []
        for inner in sorted(piece.inner, key=lambda inner: inner.start):
            if inner.start > last and inner.end <= piece.end:
                kept.append(inner)
                last = inner.end
        piece.inner = kept
        waiting.extend(kept)
