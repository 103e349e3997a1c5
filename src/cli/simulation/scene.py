"""The conditions of a simulation."""

from __future__ import annotations

from dataclasses import dataclass

from .agenda import Apart
from .people import Kind

CHECKPOINTS = (100, 250, 500, 1000, 2000)


@dataclass(frozen=True)
class Scene:
    """How many interactions and readers, which share of the questions is never asked and what keeps these
    apart, the share of votes that are slips and of readers who lie, and how many accounts flood halfway.
    ``patience_s`` is how long the readers wait for the loop at most."""

    interactions: int = 2000
    readers: int = 30
    kept: float = 0.25
    apart: Apart = "question"
    flips: float = 0.1
    liars: float = 0.0
    floods: int = 0
    seed: int = 0
    threads: int = 4
    patience_s: float = 600.0

    @property
    def checkpoints(self) -> list[int]:
        """The usual ones that lie before the end, and the end."""
        return sorted({count for count in CHECKPOINTS if count < self.interactions} | {self.interactions})

    @property
    def cast(self) -> list[Kind]:
        """Each reader's kind, the busiest first: liars stand evenly among the others."""
        liars = round(self.liars * self.readers)
        shares = [(number + 1) * liars // self.readers for number in range(self.readers)]
        return [
            "liar" if now > before else "honest" for before, now in zip([0, *shares], shares, strict=False)
        ]
