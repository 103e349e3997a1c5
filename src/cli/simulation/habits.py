"""How a reader looks at a list and votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHOWN = 10


@dataclass(frozen=True)
class Vote:
    """An up- or down-vote on the entry at ``place`` (from 0)."""

    place: int
    up: bool


@dataclass(frozen=True)
class Habits:
    """A reader examines rank r with probability r to the power of -0.5 (position bias), and gives an
    up-vote to the first right entry among these, else a down-vote to the first; in ``flips`` of the cases
    it is the other verdict than was meant. A liar always says the opposite."""

    flips: float
    liar: bool = False

    def vote(self, right: Sequence[bool], rng: np.random.Generator) -> Vote | None:
        """The vote on a list whose entries are ``right`` or not; None where there is nothing to see."""
        seen = [place for place in range(len(right)) if rng.random() < (place + 1) ** -0.5]
        slip = rng.random() < self.flips
        if not seen:
            return None
        place = next((place for place in seen if right[place]), seen[0])
        return Vote(place, right[place] != (self.liar or slip))


def flood(right: Sequence[bool]) -> list[Vote]:
    """What somebody votes who wants to do harm: the opposite of the truth, on every entry."""
    return [Vote(place, not good) for place, good in enumerate(right)]
