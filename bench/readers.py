"""Simulated readers of interleaved lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from src.services.evaluation.estimate import Vote
from src.services.evaluation.interleaving import Entry, team_draft, weight_at

from .rankings import Rankings

SHOWN = 10
COINS = 16
LOOKS_AT = np.arange(1, SHOWN + 1) ** -0.5


class Drafts:
    """The interleaved lists of two rankings, for sixteen throws of the coins each, made when first shown."""

    def __init__(self, relevant: list[dict[str, float]], control: Rankings, treatment: Rankings) -> None:
        self.relevant = relevant
        self.control = control
        self.treatment = treatment
        self._made: dict[tuple[int, int], tuple[Entry, ...]] = {}

    def entries(self, question: int, coins: int) -> tuple[Entry, ...]:
        made = self._made.get((question, coins))
        if made is None:
            lists = self.control[question], self.treatment[question]
            made = self._made[question, coins] = team_draft(*lists, SHOWN, seed=f"{question} {coins}")
        return made


@dataclass(frozen=True)
class Readers:
    """Readers who look at rank r with probability r ** -0.5, give an up-vote to the first right passage they
    see and else a down-vote, and press the wrong button in ``flips`` of the cases. Some ask more than others
    (Zipf, 0.7). ``liar`` is the share of up-votes of one more reader who always finds the passage that
    speaks most for the candidate. With ``even`` a coin decides for each vote which ranking is the candidate,
    so that the two are exactly equal."""

    flips: float = 0.1
    readers: int = 30
    liar: float = 0.0
    even: bool = False

    def votes(self, drafts: Drafts, seed: int) -> Iterator[Vote | None]:
        """One interaction after the other, without end; None where it leaves no up-vote."""
        rng = np.random.default_rng(seed)
        habits = np.cumsum(np.arange(1, self.readers + 1) ** -0.7)
        while True:
            question, coins = int(rng.integers(len(drafts.control))), int(rng.integers(COINS))
            entries, right = drafts.entries(question, coins), drafts.relevant[question]
            if self.liar and rng.random() < self.liar:
                yield _vote("liar", question, entries, max(entries, key=Entry.gain))
                continue
            chosen = self._chosen(entries, right, rng)
            if chosen is None:
                yield None
                continue
            reader = int(np.searchsorted(habits, rng.random() * habits[-1]))
            sign = -1.0 if self.even and rng.random() < 0.5 else 1.0
            yield _vote(f"r{reader}", question, entries, chosen, sign)

    def _chosen(
        self, entries: tuple[Entry, ...], labels: dict[str, float], rng: np.random.Generator
    ) -> Entry | None:
        """The entry that gets an up-vote, if any does."""
        looked = rng.random(len(entries)) < LOOKS_AT[: len(entries)]
        seen = [entry for entry, look in zip(entries, looked, strict=True) if look]
        right = next((entry for entry in seen if entry.passage_id in labels), None)
        if rng.random() < self.flips:
            return None if right else seen[0]
        return right


def _vote(reader: str, question: int, entries: tuple[Entry, ...], chosen: Entry, sign: float = 1.0) -> Vote:
    weight = weight_at(entries.index(chosen) + 1)
    return Vote(reader, f"q{question}", sign * chosen.gain(), weight)
