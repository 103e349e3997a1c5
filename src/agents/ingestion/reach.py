"""How far a job is among the files that it is to bring in."""

from __future__ import annotations

from collections.abc import Iterator

Intake = Iterator[int]
"""Queues documents, a part at each step, and tells how many files of their source were looked at by then."""


class Reach:
    """Asks for more documents, and counts the files that needed none among those that are done.

    One thread may ask while another counts.
    """

    def __init__(self, intake: Intake, files: int = 0) -> None:
        """``files`` is how many there are to be looked at, those of earlier attempts included."""
        self._intake = intake
        self._files = files
        self._looked_at: int | None = None
        self._shown = 0

    def further(self) -> bool:
        """Have more queued; False where there is no more."""
        looked_at = next(self._intake, None)
        if looked_at is None:
            return False
        self._looked_at = looked_at
        return True

    def of(self, done: int, known: int) -> tuple[int, int]:
        """What to show of a job that has ``known`` documents, of which ``done`` are at their end: how much
        is done and how much there is. It never goes back: documents are known a moment before ``further``
        returns."""
        # What an earlier attempt had queued comes first.
        reached = done if self._looked_at is None else self._looked_at - (known - done)
        self._shown = max(self._shown, reached)
        return self._shown, max(known, self._files)
