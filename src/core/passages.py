"""The values that parsing makes and retrieval returns: locations and passage drafts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, model_serializer

CONFIGURED = "configured"
"""The cutting that goes by the configuration, whatever that is at the time."""

_NAMED = re.compile(r"([0-9]{1,5})-tokens(?:-([0-9]{1,5})-overlap)?")


@dataclass(frozen=True)
class Chunking:
    """How documents are cut into passages: the most tokens that the embedding model sees of one, its
    line of context included, and about how many of them a part of what is too long for one passage repeats
    of the part before it."""

    tokens: int
    overlap: int = 0

    @property
    def name(self) -> str:
        """The name of the cutting, which says its settings."""
        return f"{self.tokens}-tokens" + (f"-{self.overlap}-overlap" if self.overlap else "")

    @classmethod
    def of(cls, name: str) -> Chunking | None:
        """What a name says; None where it is not the name of such a cutting."""
        found = _NAMED.fullmatch(name)
        return cls(int(found[1]), int(found[2] or 0)) if found else None


class Location(BaseModel):
    """Where in its document a passage stands; only the keys that make sense for the format are set.

    Lines, pages and cells count from 1 and ranges include both ends. ``box`` is
    ``(left, top, right, bottom)`` in PDF points from the page's top left corner.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = None
    start_line: int | None = None
    end_line: int | None = None
    commit: str | None = None
    page: int | None = None
    box: tuple[float, float, float, float] | None = None
    cell: int | None = None
    heading_path: tuple[str, ...] | None = None

    @model_serializer
    def _only_what_is_set(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if v is not None}


class PassageKind(StrEnum):
    """What a passage is in its document."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    METHOD = "method"
    CODE = "code"
    SECTION = "section"
    PAGE = "page"
    CELL = "cell"
    TEXT = "text"


@dataclass(frozen=True)
class PassageDraft:
    """A passage as a parser makes it, before it belongs to a document.

    ``text`` is what a reader is shown, verbatim from the source where the format allows it.
    ``context`` is the structural line put before the text for embedding only: the qualified name
    or the heading path, never the file's path (that is added when the passage is embedded).
    ``symbol`` is the qualified name of a definition. ``attributes`` holds what else the parser knows:
    ``signature``, ``docstring``, ``decorators``, ``imports`` (lists of str), ``language``.
    """

    kind: PassageKind
    text: str
    location: Location
    context: str = ""
    symbol: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ParsedDocument:
    """All passages of one document in reading order, and what the parser learned of it.

    ``notices`` are sentences for the user about what was lost ("page 3 holds no text; it may be a
    scan"). ``readable_text`` is the whole text that the viewer shows where the original bytes are not
    text themselves (PDF, DOCX); passages of such formats carry line numbers into it.
    """

    format: str
    title: str | None
    drafts: tuple[PassageDraft, ...]
    notices: tuple[str, ...] = ()
    readable_text: str | None = None
