"""Whether two passages, cut in different ways, stand at the same place of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HEAD = 40
"""Characters by which the beginning of a passage is found again. Passages that share less are neighbours."""


@dataclass(frozen=True)
class Place:
    """Where a passage stands: its document, whose passages are all of the same content, and its first and
    last line, None where the format has none. ``text`` is what is written there."""

    document_id: str
    first: int | None
    last: int | None
    text: str

    @classmethod
    def of(cls, document_id: str, location: Mapping[str, Any], text: str) -> Place:
        return cls(document_id, location.get("start_line"), location.get("end_line"), text)

    def overlaps(self, other: Place) -> bool:
        """Whether the two share lines, and one begins within the other. Lines alone would not do: a long
        one is cut in parts. Words alone would not either: they may be repeated in the document."""
        if self.document_id != other.document_id:
            return False
        lines = (self.first, self.last, other.first, other.last)
        if None not in lines and not _meet(*lines):  # type: ignore[arg-type]  # None was ruled out
            return False
        return _begins_in(self.text, other.text) or _begins_in(other.text, self.text)


def _meet(first: int, last: int, others_first: int, others_last: int) -> bool:
    return first <= others_last and others_first <= last


def _begins_in(one: str, other: str) -> bool:
    return one.strip()[:_HEAD].rstrip() in other
