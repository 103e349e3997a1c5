"""Python by its syntax tree: module, classes, functions and methods, nested as they are."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from typing import Any

from src.core.passages import PassageKind
from src.services.parsing.encodings import decode, python_cookie
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Original, Piece, Reading

from .imports import ImportTable
from .text import as_text

Scope = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_FUNCTIONS = {PassageKind.FUNCTION, PassageKind.METHOD}
_LONGEST_DOCSTRING = 2000
_LONGEST_SIGNATURE = 500


@dataclass(slots=True)
class _Frame:
    """A piece under construction, with the names that its own code reads."""

    piece: Piece
    node: Scope | ast.Module
    parent: _Frame | None = None
    names: set[str] = field(default_factory=set)


class PythonFormat:
    """Reads Python source; what does not parse still gets in, as text with a notice."""

    name = "python"
    suffixes = frozenset({".py", ".pyi", ".pyw"})
    media_types = frozenset({"text/x-python", "application/x-python-code", "text/x-script.python"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content, python_cookie(original.content))
        notices = (decoded.notice,) if decoded.notice else ()
        lines = Lines(decoded.text)
        try:
            outline = _Outline(lines)
            pieces = outline.of(parse(lines))
        except SyntaxError as error:
            where = f" (line {error.lineno})" if error.lineno else ""
            reason = f"The file is not valid Python{where}; it was taken in as plain text."
            return as_text(lines, self.name, (*notices, reason))
        except (ValueError, RecursionError, MemoryError):
            reason = "The file is nested too deeply to be read as Python; it was taken in as plain text."
            return as_text(lines, self.name, (*notices, reason))
        return Reading(
            self.name,
            lines,
            pieces,
            notices=notices,
            borders=frozenset(outline.borders),
            statements=frozenset(outline.statements),
        )


def parse(lines: Lines) -> ast.Module:
    """The syntax tree; its line numbers are those of ``lines``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like are not ours to report
        return ast.parse("\n".join(lines.all) + "\n")


class _Outline:
    """One walk over the tree that finds every definition, statement and name."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.borders: set[int] = set()
        self.statements: set[int] = set()
        self._imports = ImportTable()
        self._frames: list[_Frame] = []

    def of(self, tree: ast.Module) -> list[Piece]:
        module = Piece(PassageKind.MODULE, 1, len(self._lines), context="module")
        root = _Frame(module, tree)
        self._frames.append(root)
        self._walk(tree, root)
        for frame in reversed(self._frames):  # inner before outer
            frame.piece.inner.sort(key=lambda piece: piece.start)
            outer = frame.parent
            if outer is not None and {frame.piece.kind, outer.piece.kind} <= _FUNCTIONS:
                outer.names |= frame.names
            frame.piece.attributes = self._attributes(frame)
        return [module]

    def _walk(self, tree: ast.Module, root: _Frame) -> None:
        # An explicit stack: a chain of a thousand elif is as deep as the tree.
        waiting: list[tuple[ast.AST, _Frame]] = [(tree, root)]
        while waiting:
            node, frame = waiting.pop()
            for child in ast.iter_child_nodes(node):
                owner = frame
                if isinstance(child, ast.Name):
                    frame.names.add(child.id)
                    continue
                if isinstance(child, ast.stmt):
                    if isinstance(child, _SCOPES):
                        owner = self._enter(child, frame)
                    elif isinstance(child, ast.Import | ast.ImportFrom):
                        self._imports.add(child)
                    self.borders.add(child.lineno)
                    if isinstance(child, _SCOPES) or not hasattr(child, "body"):
                        self.statements.add(child.lineno)
                waiting.append((child, owner))

    def _enter(self, node: Scope, parent: _Frame) -> _Frame:
        above = parent.piece
        signature = self._signature(node)
        if isinstance(node, ast.ClassDef):
            kind, label = PassageKind.CLASS, signature
        else:
            in_class = above.kind is PassageKind.CLASS
            kind = PassageKind.METHOD if in_class else PassageKind.FUNCTION
            label = f"{kind.value} {node.name}"
        piece = Piece(
            kind,
            self._first_line(node),
            node.end_lineno or node.lineno,
            context=label if above.kind is PassageKind.MODULE else f"{above.context} › {label}",
            symbol=f"{above.symbol}.{node.name}" if above.symbol else node.name,
            attributes={"signature": signature},
        )
        above.inner.append(piece)
        frame = _Frame(piece, node, parent)
        self._frames.append(frame)
        return frame

    def _first_line(self, node: Scope) -> int:
        """The line of the first decorator or of the definition, with the comment right above it."""
        first = min((node.lineno, *(decorator.lineno for decorator in node.decorator_list)))
        indent = " " * node.col_offset
        while first > 1 and self._lines[first - 1].startswith(indent + "#"):
            first -= 1
        return first

    def _signature(self, node: Scope) -> str:
        """The definition's head in one line, as it is written where that is plain."""
        body = node.body[0]
        start = min((body.lineno, *(d.lineno for d in getattr(body, "decorator_list", ()))))
        head = self._lines.text(node.lineno, start - 1)
        if not head or "#" in head or "\\" in head:
            head = _unparsed(node)
        text = " ".join(head.split()).rstrip(": ").replace("( ", "(").replace(", )", ")").replace(" )", ")")
        return text if len(text) <= _LONGEST_SIGNATURE else text[: _LONGEST_SIGNATURE - 1] + "…"

    def _attributes(self, frame: _Frame) -> dict[str, Any]:
        attributes: dict[str, Any] = {"language": "python", **frame.piece.attributes}
        docstring = ast.get_docstring(frame.node)
        if docstring:
            attributes["docstring"] = docstring[:_LONGEST_DOCSTRING]
        if isinstance(frame.node, ast.Module):
            imports = self._imports.everything()
        else:
            imports = self._imports.used(frame.names)
            if frame.node.decorator_list:
                attributes["decorators"] = [ast.unparse(item) for item in frame.node.decorator_list]
        if imports:
            attributes["imports"] = imports
        return attributes


def _unparsed(node: Scope) -> str:
    if isinstance(node, ast.ClassDef):
        bases = [ast.unparse(base) for base in [*node.bases, *node.keywords]]
        return f"class {node.name}({', '.join(bases)})" if bases else f"class {node.name}"
    keyword = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{keyword} {node.name}({ast.unparse(node.args)}){returns}"
