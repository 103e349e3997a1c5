"""Whether an attempt at a job got further than those before it."""

from __future__ import annotations


class CatchUp:
    """The mark that earlier attempts left, the end of stage ``stage`` at ``done``, until it is passed."""

    def __init__(self, stage: str | None, done: int, *, earlier: bool) -> None:
        self.behind = earlier
        self._stage = stage
        self._done = done
        self._seen: set[str] = set()

    def passed(self, stage: str, done: int) -> bool:
        """Note a report; whether the mark is passed by it: by more in the stage of the mark, or by a stage
        that follows it. One that was there before the mark's in this attempt is none that follows."""
        seen = stage in self._seen
        self._seen.add(stage)
        if not self.behind:
            return False
        if self._stage is None or stage == self._stage:
            further = done > self._done
        else:
            further = self._stage in self._seen and not seen
        self.behind = not further
        return further
