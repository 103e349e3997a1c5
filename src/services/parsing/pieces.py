"""What a format makes of a document, before the pieces are cut to size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from src.core.errors import DocumentError
from src.core.passages import PassageKind

from .limits import ParsingLimits
from .lines import Lines

LONGEST_CONTEXT = 160
"""Letters; some 30 word pieces with a path of usual length."""


@dataclass(slots=True)
class Piece:
    """A structural unit of a document: lines ``start`` to ``end``, and the units inside it.

    The lines of a module or class belong to it only where no inner piece has them; a function keeps
    its inner functions unless it is too long for one passage.
    """

    kind: PassageKind
    start: int
    end: int
    context: str = ""
    symbol: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    inner: list[Piece] = field(default_factory=list)
    page: int | None = None
    cell: int | None = None
    heading_path: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """A document as one format read it.

    ``borders`` are the lines where a statement or a block begins: the natural places to cut.
    ``statements`` are those of them that say something by themselves, as an ``else:`` does not.
    ``readable`` says that ``lines`` are not the file's own but made for reading (PDF, DOCX, HTML).
    """

    format: str
    lines: Lines
    pieces: Sequence[Piece]
    title: str | None = None
    notices: tuple[str, ...] = ()
    borders: frozenset[int] = frozenset()
    statements: frozenset[int] = frozenset()
    readable: bool = False


@dataclass(frozen=True)
class Original:
    """The bytes of a document with its name in lower case, without folders."""

    content: bytes
    name: str

    @property
    def suffix(self) -> str:
        stem, dot, suffix = self.name.rpartition(".")
        return dot + suffix if stem else ""


class Format(Protocol):
    """Reads one format. ``name`` is what its documents are found by; ``suffixes`` and ``media_types`` are in
    lower case."""

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> frozenset[str]: ...

    @property
    def media_types(self) -> frozenset[str]: ...

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        """Raises DocumentError where the bytes are damaged, encrypted or over a limit."""


def shortened(context: str) -> str:
    """The context within its room; what is nearest to the passage stands last and is kept."""
    if len(context) <= LONGEST_CONTEXT:
        return context
    return "… " + context[-LONGEST_CONTEXT + 2 :]


def unreadable(code: str, detail: str) -> DocumentError:
    """A failure of parsing that the same bytes would meet again."""
    return DocumentError(code, detail, stage="parsing")
