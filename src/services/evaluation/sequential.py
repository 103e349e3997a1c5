"""The decision rule of a live experiment: looks at fixed sizes, at levels corrected for looking often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from .boundaries import boundaries, crossing, power_spending

LEVEL = 0.035
"""Chance of promoting a candidate that is as good as the control, and likewise of rejecting it."""
LEAST_LEVEL = LEVEL / 2
"""Below this a trial that takes another's place would miss too much."""
_LOOKS = (100, 250, 500, 1000)
_BY_500 = 0.9


class Decision(StrEnum):
    """What follows from the evidence so far."""

    PROMOTE = "promote"
    REJECT = "reject"
    UNDECIDED = "undecided"
    BROKEN = "broken"
    WAIT = "not_enough_data"


class Evidence(Protocol):
    """An estimated difference (treatment - control): ``Estimate`` of votes, ``Contrast`` of two arms.

    ``counted`` is how many votes or units stand behind it, ``informative`` how many questions or units can
    tell the two apart. ``z`` is standard normal where there is no difference; ``agreement`` is the |z| over
    whole readers or questions and ``jackknife`` the z without the strongest of them, positive where it points
    the same way; both are infinite where that does not apply.
    """

    @property
    def counted(self) -> float: ...
    @property
    def informative(self) -> int: ...
    @property
    def mean(self) -> float: ...
    @property
    def error(self) -> float: ...
    @property
    def z(self) -> float: ...
    @property
    def agreement(self) -> float: ...
    @property
    def jackknife(self) -> float: ...
    @property
    def note(self) -> str:
        """A sentence with a leading space on what keeps votes from counting, or nothing."""


@dataclass(frozen=True)
class Verdict:
    """A decision with its evidence. ``looks_done`` is what the next call needs; ``critical`` is the z that
    this look demands (None between looks); ``next_look`` is the size of the coming one (None after the
    last); ``lower`` and ``upper`` are the interval that matches the decision."""

    decision: Decision
    looks_done: int
    critical: float | None
    next_look: int | None
    lower: float
    upper: float
    sentence: str

    @property
    def final(self) -> bool:
        return self.decision is not Decision.WAIT


@dataclass(frozen=True)
class DecisionRule:
    """Promote, reject or wait at ``looks``; after the last look an open question is ``UNDECIDED``.

    ``spending`` is the chance that a candidate as good as the control has been promoted by each look, and
    likewise that it has been rejected; the critical values follow (see ``boundaries``). Nine tenths are spent
    by 500, where a gain of 0.03 nDCG is to be found, up to there with the square of the votes (Kim and
    DeMets, 1987), since a first look tells little; the last tenth is for what is smaller.

    Besides, a decision needs ``fewest`` informative questions, for below that a normal approximation says
    little, and ``agreement`` twice: over whole readers and questions, where no single one with a share of a
    fifth or less can reach it alone, and once more without the one that speaks most for the decision, so
    that nobody tips the scales.
    """

    looks: tuple[int, ...] = _LOOKS
    spending: tuple[float, ...] = (*power_spending(_LOOKS[:3], _BY_500 * LEVEL, 2.0), LEVEL)
    fewest: int = 20
    agreement: float = 1.28
    what: str = "up-votes"
    pieces: str = "questions"

    @property
    def critical(self) -> tuple[float, ...]:
        """The z that each look demands."""
        return boundaries(tuple(float(look) for look in self.looks), self.spending)

    @property
    def level(self) -> float:
        """Chance of promoting a candidate that is no better, over all looks together."""
        return self.spending[-1]

    def after(self, looks_done: int) -> DecisionRule | None:
        """The rule of a trial that begins where this one is given up after ``looks_done`` looks without a
        decision; None where too little of the level would be left to find anything.

        It has what the looks have not spent: however many trials take each other's place, the chances of
        each add up to ``level`` at most (Bonferroni), whatever it is that ends them. A look costs what it is
        worth (the first a thirtieth, the first two two ninths), and at least half of the usual level has to
        be left.
        """
        if not looks_done:
            return self
        left = self.level - self.spending[looks_done - 1]
        if left < LEAST_LEVEL:
            return None
        return replace(self, spending=tuple(level * left / self.level for level in self.spending))

    def judge(self, evidence: Evidence, looks_done: int = 0) -> Verdict:
        """Decide on ``evidence`` where ``looks_done`` looks were made before.

        Between two looks the answer is ``WAIT``, whatever the evidence: deciding then would be one more look.
        """
        reached = sum(evidence.counted >= look for look in self.looks)
        if reached <= looks_done:
            return self._wait(evidence, looks_done)
        critical = self.critical[reached - 1]
        last = reached == len(self.looks)
        if abs(evidence.z) >= critical and not self._held(evidence):
            decision = Decision.PROMOTE if evidence.z > 0 else Decision.REJECT
        else:
            decision = Decision.UNDECIDED if last else Decision.WAIT
        following = self.looks[reached] if decision is Decision.WAIT else None
        reach = critical * evidence.error
        return Verdict(
            decision=decision,
            looks_done=reached,
            critical=critical,
            next_look=following,
            lower=evidence.mean - reach,
            upper=evidence.mean + reach,
            sentence=self._sentence(decision, evidence, critical, following),
        )

    def audit(self, evidence: Evidence, looks_done: int = 0) -> Verdict:
        """Judge an A/A trial, where both arms are the same: a difference means that the assignment, the
        logging or this arithmetic is at fault."""
        verdict = self.judge(evidence, looks_done)
        if verdict.decision not in {Decision.PROMOTE, Decision.REJECT}:
            return verdict
        said = f"The same system differs from itself: trust no trial before you know why. {verdict.sentence}"
        return replace(verdict, decision=Decision.BROKEN, sentence=said)

    def power(self, effect: float, deviation: float) -> list[float]:
        """Chance of promotion by each look for a true mean gain ``effect`` with standard ``deviation``."""
        return crossing([float(look) for look in self.looks], self.critical, effect / deviation)

    def _wait(self, evidence: Evidence, looks_done: int) -> Verdict:
        coming = min(looks_done, len(self.looks) - 1)
        following, have = self.looks[coming], int(evidence.counted)
        reach = self.critical[coming] * evidence.error
        return Verdict(
            decision=Decision.WAIT,
            looks_done=looks_done,
            critical=None,
            next_look=following,
            lower=evidence.mean - reach,
            upper=evidence.mean + reach,
            sentence=(
                f"Not enough data yet: {have} of {following} {self.what} for the next look, "
                f"{max(0, following - have)} more needed.{evidence.note}"
            ),
        )

    def _held(self, evidence: Evidence) -> str:
        """What keeps a z that is large enough from deciding, or nothing."""
        if evidence.informative < self.fewest:
            rests = f"it rests on {evidence.informative} {self.pieces}"
            return f", but {rests} and a decision takes {self.fewest}"
        if evidence.agreement < self.agreement:
            return ", but readers or questions disagree too much for that"
        if evidence.jackknife < self.agreement:
            return ", but one reader or question tips the scales: without it too little is left"
        return ""

    def _sentence(
        self, decision: Decision, evidence: Evidence, critical: float, following: int | None
    ) -> str:
        reach = critical * evidence.error
        sure = "more than chance explains" if abs(evidence.z) >= critical else "which may still be chance"
        found = (
            f"{evidence.counted:.0f} {self.what} give a mean gain of {evidence.mean:+.3f} "
            f"({evidence.mean - reach:+.3f} to {evidence.mean + reach:+.3f}), {sure} "
            f"(z {evidence.z:.2f}, this look takes {critical:.2f})"
        )
        held = self._held(evidence) if abs(evidence.z) >= critical else ""
        match decision:
            case Decision.PROMOTE:
                return f"Better: {found}. An equal candidate passes in {self.level:.1%} of trials at most."
            case Decision.REJECT:
                return (
                    f"Worse: {found}. An equal candidate is rejected in {self.level:.1%} of trials at most."
                )
            case Decision.UNDECIDED:
                return f"No difference was shown: {found}{held}. That was the last look; the control stays."
            case _:
                return f"Open: {found}{held}. The next look is at {following} {self.what}."
