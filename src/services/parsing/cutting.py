"""From pieces to passages: none larger than what the embedding model sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from src.core.errors import DocumentError
from src.core.passages import Location, PassageDraft, PassageKind

from .atoms import Atom, Scale
from .borders import best_cut, earliest
from .carving import carve
from .lines import clean, cleaned
from .pieces import Piece, Reading, shortened
from .tokens import SPECIAL_TOKENS, TokenCounter

CONTEXT_TOKENS = 32
"""What is kept free of ``max_tokens`` for the path and the context line put before the text."""


class Cutter:
    """Cuts pieces into passages of at most ``max_tokens``, context line and special tokens included."""

    def __init__(self, count: TokenCounter, max_tokens: int, overlap: int = 0) -> None:
        """``overlap`` is about how many tokens a part of what is cut up repeats of the part before it."""
        self._count = count
        self._limit = max_tokens - CONTEXT_TOKENS - SPECIAL_TOKENS
        self._overlap = min(overlap, self._limit // 2)

    def cut(self, reading: Reading, max_passages: int) -> tuple[PassageDraft, ...]:
        """Raises DocumentError ``too_many_passages``."""
        scale = Scale(reading.lines, self._count, self._limit)
        drafts: list[PassageDraft] = []
        begun: set[int] = set()
        spans = carve(
            list(reading.pieces),
            reading.lines,
            reading.statements,
            lambda start, end: scale.weight(start, end) <= self._limit,
        )
        for piece, first, last in spans:
            start, end = reading.lines.trim(first, last)
            if start > end:
                continue
            drafts.extend(self._drafts(piece, start, end, reading, scale, id(piece) in begun))
            begun.add(id(piece))
            if len(drafts) > max_passages:
                raise DocumentError(
                    "too_many_passages",
                    f"The document makes more than {max_passages} passages; split it into smaller ones.",
                    stage="chunking",
                )
        return tuple(drafts)

    def _drafts(
        self, piece: Piece, start: int, end: int, reading: Reading, scale: Scale, begun: bool
    ) -> Iterator[PassageDraft]:
        if scale.weight(start, end) <= self._limit:
            attributes = _attributes(piece, begun, (1, 1))
            yield _draft(piece, start, end, reading.lines.text(start, end), attributes)
            return
        parts = list(self._parts(scale.atoms(start, end), reading.borders))
        for number, atoms in enumerate(parts, start=1):
            attributes = _attributes(piece, begun or number > 1, (number, len(parts)))
            yield _draft(piece, atoms[0].line, atoms[-1].line, _joined(atoms), attributes)

    def _parts(self, atoms: Sequence[Atom], borders: frozenset[int]) -> Iterator[Sequence[Atom]]:
        begin = told = 0
        remaining = sum(atom.weight for atom in atoms)
        while remaining > self._limit:
            stop, total = begin, 0
            while stop < len(atoms) - 1 and total + atoms[stop].weight <= self._limit:
                total += atoms[stop].weight
                stop += 1
            window = atoms[begin:stop]
            fair = remaining / -(-remaining // self._limit)
            # What only repeats is no part: each brings as much as makes one, besides what it repeats.
            fresh = earliest(atoms[told:stop], self._limit - self._overlap)
            first = min(stop, max(begin + earliest(window, self._limit), told + fresh))
            cut = best_cut(atoms, first, stop, begin + _reach(window, fair), borders)
            cut = max(begin + 1, cut)
            if part := _trimmed(atoms[begin:cut]):
                yield part
            room = self._limit - atoms[cut].weight
            told, again = cut, max(begin + 1, cut - self._repeated(atoms[begin:cut], room))
            remaining -= sum(atom.weight for atom in atoms[begin:again])
            begin = again
        if part := _trimmed(atoms[begin:]):
            yield part

    def _repeated(self, part: Sequence[Atom], room: int) -> int:
        """How many atoms from its end the next part begins with: whole ones, as heavy as the overlap, and
        such that what comes next has ``room`` beside them."""
        total, count = 0, 0
        for atom in reversed(part if self._overlap else ()):
            total += atom.weight
            if total > min(self._overlap, room):
                break
            count += 1
        return count


def _reach(atoms: Sequence[Atom], weight: float) -> int:
    """How many atoms come nearest to ``weight`` from below."""
    total = 0
    for index, atom in enumerate(atoms):
        total += atom.weight
        if total > weight:
            return index
    return len(atoms)


def _trimmed(atoms: Sequence[Atom]) -> Sequence[Atom]:
    start, end = 0, len(atoms)
    while start < end and not atoms[start].text.strip():
        start += 1
    while end > start and not atoms[end - 1].text.strip():
        end -= 1
    return atoms[start:end]


def _joined(atoms: Sequence[Atom]) -> str:
    return "".join(("\n" if atom.first and i else "") + atom.text for i, atom in enumerate(atoms))


def _attributes(piece: Piece, begun: bool, part: tuple[int, int]) -> dict[str, Any]:
    """The piece's attributes; what tells of the whole piece at length stands only with its beginning."""
    attributes: dict[str, Any] = cleaned(piece.attributes)
    if begun:
        attributes.pop("docstring", None)
        if piece.kind is PassageKind.MODULE:
            attributes.pop("imports", None)
    if part[1] > 1:
        attributes.update(part=part[0], parts=part[1])
    return attributes


def _draft(piece: Piece, start: int, end: int, text: str, attributes: dict[str, Any]) -> PassageDraft:
    path = piece.heading_path
    return PassageDraft(
        kind=piece.kind,
        text=clean(text),
        location=Location(
            start_line=start,
            end_line=end,
            page=piece.page,
            cell=piece.cell,
            heading_path=None if path is None else tuple(clean(heading) for heading in path),
        ),
        context=shortened(clean(piece.context)),
        symbol=piece.symbol and clean(piece.symbol),
        attributes=attributes,
    )
