"""Where a comparison stands between its looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from src.core.messages.experiments import Purpose
from src.database.models import ExperimentRecord
from src.database.repositories.trials import watch_votes
from src.database.uow import Work
from src.services.evaluation.estimate import Estimate, estimate

from .pauses import paused_until
from .rules import decision_rule, looks_done, return_rule, stored_shares, votes_of

_TELLING = 10
"""Votes that count from which on their rate says something."""


@dataclass(frozen=True)
class Progress:
    """The evidence now. ``votes`` are up-votes on interleaved lists and ``counted`` what they weigh; ``next``
    is the size of the coming look and ``days`` how long it takes at the rate so far, both None where there is
    no such look. The interval is the 95 % one, for the eye: only looks decide. It is None
    where too few readers have voted to tell."""

    votes: int
    readers: int
    questions: int
    counted: float
    mean: float
    lower: float | None
    upper: float | None
    z: float
    next: int | None
    needed: int | None
    days: int | None
    sentence: str


def progress_of(work: Work, record: ExperimentRecord, now: datetime) -> Progress:
    """Read and weigh the votes of a comparison."""
    if record.purpose == Purpose.WATCH:
        rule = return_rule(record.rule)
        found = watch_votes(work.session, record.control_id, record.treatment_id, rule.windows[-1])
    else:
        found = work.experiments.votes(record.id)
    seen = estimate(votes_of(found), stored_shares(record.rule))
    coming = _next_look(record)
    needed = max(0, ceil(coming - seen.counted)) if coming is not None else None
    per_day = pace(record, seen.counted, now)
    days = ceil(needed / per_day) if needed is not None and per_day else None
    lower, upper = interval(seen.mean, seen.error)
    return Progress(
        votes=seen.votes,
        readers=seen.readers,
        questions=seen.questions,
        counted=seen.counted,
        mean=seen.mean,
        lower=lower,
        upper=upper,
        z=seen.z,
        next=coming,
        needed=needed,
        days=days,
        sentence=_sentence(record, seen, coming, needed, days),
    )


def interval(mean: float, error: float) -> tuple[float | None, float | None]:
    """The 95 % interval; a standard error of 0 says that nobody knows it yet, not that it is certain."""
    reach = 1.96 * error
    return (mean - reach, mean + reach) if error > 0 else (None, None)


def _next_look(record: ExperimentRecord) -> int | None:
    if record.state != "running" or record.purpose == Purpose.WATCH:
        return None
    done = looks_done(record)
    looks = decision_rule(record.rule).looks
    return looks[done] if done < len(looks) else None


def pace(record: ExperimentRecord, counted: float, now: datetime) -> float:
    """Votes that count a day: since the start, and before there is enough of that, as before the start."""
    days = (now - record.started_at) / timedelta(days=1)
    if days >= 1.0 and counted >= _TELLING:
        return counted / days
    return float(record.power.get("per_day") or 0.0)


def _sentence(
    record: ExperimentRecord, seen: Estimate, coming: int | None, needed: int | None, days: int | None
) -> str:
    if record.state != "running":
        return record.reason or ""
    pausing = paused_until(record)
    if pausing is not None:
        return f"Paused until {pausing:%Y-%m-%d %H:%M} UTC. {record.looks[-1]['sentence']}"
    if coming is None:
        return record.looks[-1]["sentence"] if record.looks else _watching(record, seen)
    if not needed:
        return f"The look at {coming} up-votes is due with the next one."
    wait = f", about {days} day{'' if days == 1 else 's'} from now" if days else ""
    return f"Not enough data yet: {seen.counted:.0f} of {coming} up-votes for the next look{wait}.{seen.note}"


def _watching(record: ExperimentRecord, seen: Estimate) -> str:
    first = return_rule(record.rule).early
    return f"Watching, not enough data yet: {seen.votes} of the first {first} up-votes on mixed lists."
