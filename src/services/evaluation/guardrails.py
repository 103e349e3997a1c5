"""Guardrails: an arm that is slower, fails more or is voted down more is stopped; what both arms bear pauses
their comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, lgamma, log


@dataclass(frozen=True)
class Guardrail:
    """A rate that may not rise: ``name`` of the event, and how many times the control's rate is tolerated.

    ``least`` is the number of events of both arms below which nothing is concluded, and ``share`` the rate
    that is tolerated whatever the control's. ``shared`` says that both arms bear it alike (an interleaved
    list needs both rankings): it is compared with the time before, and a breach is no arm's fault.
    """

    name: str
    tolerance: float = 1.25
    least: int = 20
    level: float = 0.01
    share: float = 0.0
    shared: bool = False


@dataclass(frozen=True)
class Rate:
    """``events`` among ``total`` requests of one arm.

    Count at most one event for a reader and a question: retries of one failing client are one failure. In
    an interleaved trial the down-votes on entries of each team are such rates, with a treatment share of 0.5.
    """

    events: int
    total: int

    @property
    def share(self) -> float:
        return self.events / self.total if self.total else 0.0


@dataclass(frozen=True)
class Breach:
    """The outcome of one check; ``stop`` says that the trial cannot go on as it is, and ``shared`` that this
    is no fault of the treatment that anybody knows of. ``evidence`` is the e-value: a fair bet against "no
    worse than tolerated" would have multiplied its stake by this."""

    guardrail: str
    stop: bool
    evidence: float
    sentence: str
    shared: bool = False


GUARDRAILS = (
    Guardrail("slow rankings", tolerance=1.5, share=0.05),
    Guardrail("failed rankings"),
    Guardrail("down-votes"),
    Guardrail("slow searches", tolerance=1.5, shared=True),
    Guardrail("errors", shared=True),
    Guardrail("abstentions", shared=True),
)

NOTICED_MS = 100.0
NOTICED_SHARE = 0.5
"""A reader notices what takes half as long again, and a tenth of a second more."""


def check(
    guardrail: Guardrail, control: Rate, treatment: Rate, treatment_share: float | None = None
) -> Breach:
    """Test whether the treatment's rate is above the tolerated multiple of the control's, at any time.

    Given that an event happened, it is the treatment's with probability t * r / (t * r + c) at most, where t
    and c are the arms' shares of the requests and r the tolerance. The e-value bets against that with a
    uniform mixture over larger probabilities (beta-binomial; Robbins, 1970); by Ville's inequality it passes
    1 / ``level`` at some time with probability ``level`` at most, so that the check may run after every
    request. ``treatment_share`` is the planned share of the treatment; left out, the one that was seen.
    """
    share = treatment_share
    if share is None:
        share = treatment.total / max(1, treatment.total + control.total)
    tolerated = share * guardrail.tolerance / (share * guardrail.tolerance + 1.0 - share)
    events = control.events + treatment.events
    evidence = _e_value(treatment.events, control.events, tolerated)
    worse = treatment.share > guardrail.share
    stop = worse and events >= guardrail.least and evidence >= 1.0 / guardrail.level
    rates = (
        f"{guardrail.name} {treatment.share:.1%} ({treatment.events} of {treatment.total}) against "
        f"{control.share:.1%} ({control.events} of {control.total})"
    )
    if stop and guardrail.shared:
        said = (
            f"Paused: {rates} before; more than {guardrail.tolerance:g} times that is not allowed. Both "
            "models are at work in every search of a comparison: nobody can tell whether one is the cause."
        )
    elif stop:
        said = f"Stopped: {rates}; more than {guardrail.tolerance:g} times the control's rate is not allowed."
    elif events < guardrail.least:
        said = f"Too early to tell: {rates}; a check takes {guardrail.least} events."
    else:
        said = f"Within bounds: {rates}."
    return Breach(guardrail.name, stop, evidence, said, guardrail.shared)


def lags(path_ms: float, other_ms: float, usual_ms: float | None) -> bool:
    """Whether one of two ways that were gone in the same search is noticeably longer than the other.

    A busy machine stretches both: what counts is the ratio, and the milliseconds that it comes to on a
    machine that takes ``usual_ms`` (None where that is not known) for the other.
    """
    more = path_ms / max(other_ms, 1e-3) - 1.0
    return more >= NOTICED_SHARE and more * min(other_ms, usual_ms or other_ms) >= NOTICED_MS


def stalled(path_ms: float, usual_ms: float | None) -> bool:
    """Whether the machine itself was noticeably slower than usual during this search: the control's way took
    that much longer than a search did before."""
    return usual_ms is not None and path_ms - usual_ms >= max(NOTICED_MS, NOTICED_SHARE * usual_ms)


def slow_limit(latencies_ms: Sequence[float], quantile: float = 0.95) -> float:
    """The latency that ``quantile`` of the requests before the trial did not exceed, in milliseconds.

    Fix it once, at the start: then "slower than this" is an event like any other. Raises ValueError with
    fewer than 20 latencies.
    """
    if len(latencies_ms) < 20:
        raise ValueError("At least 20 latencies are needed to know what is slow.")
    return sorted(latencies_ms)[ceil(quantile * len(latencies_ms)) - 1]


def _e_value(hits: int, misses: int, chance: float) -> float:
    """Mixture over p uniform in (0, 1) of the likelihood ratio of p against ``chance``, or 1 where the hits
    do not even exceed their expectation."""
    if hits <= chance * (hits + misses) or not 0 < chance < 1:
        return 1.0
    mixed = lgamma(hits + 1) + lgamma(misses + 1) - lgamma(hits + misses + 2)
    return exp(min(700.0, mixed - hits * log(chance) - misses * log(1 - chance)))
