"""How far a job is among the files that it is to bring in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Taken:
    """So many of the files of a source were looked at, and those that changed are queued as documents."""

    files: int
    of: int


Intake = Iterator[Taken]
"""Queues documents, a part at each step."""


class Reach:
    """Asks for more documents, and counts the files that needed none among those that are done.

    One thread may ask while another counts.
    """

    def __init__(self, intake: Intake, files: int = 0) -> None:
        """``files`` is how many there are to be looked at, those of earlier attempts included."""
        self._intake = intake
        self._files = files
        self._taken: Taken | None = None
        self._shown = 0

    def further(self) -> bool:
        """Have more queued; False where there is no more."""
        taken = next(self._intake, None)
        self._taken = taken or self._taken
        return taken is not None

    def of(self, done: int, known: int) -> tuple[int, int]:
        """What to show of a job that has ``known`` documents, of which ``done`` are at their end: how much
        is done and how much there is. It never goes back: documents are known a moment before ``further``
        returns."""
        if self._taken is None:
            # What an earlier attempt had queued comes first.
            self._shown = done
            return done, max(known, self._files)
        self._shown = max(self._shown, self._taken.files - (known - done))
        return self._shown, max(known, self._taken.of)
