"""What is fixed before a comparison of answers starts: its rule, its power and its limits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

import numpy as np

from src.agents.experiment_runner.rules import stored
from src.database.models import CollectionRecord
from src.database.repositories.splits import answer_times, said_before, verdicts_per_day
from src.database.repositories.trials import RATE_DAYS, voters
from src.database.uow import Work
from src.services.evaluation.estimate import Shares
from src.services.evaluation.guardrails import slow_limit
from src.services.evaluation.power import plan
from src.services.evaluation.sequential import DecisionRule

EFFECT = 0.1
"""The gain in the share of good verdicts that the power is stated for."""
LEAST_READERS = 5
"""Readers in each arm below which a normal approximation says nothing."""
_APPROVAL = 0.7
_KNOWN = 10
_BEFORE = 500
_NOTICED_MS = 2000.0
"""Nobody calls an answer slow that took less."""
_SLOW_MS = 10_000.0
"""What is slow where too few answers were given before to tell."""


def rule_of() -> DecisionRule:
    return DecisionRule(fewest=LEAST_READERS, what="ratings", pieces="readers of an arm")


def stored_rule(work: Work, collection: CollectionRecord, share: float) -> dict[str, Any]:
    """The rule as JSON, with how much of an arm one reader may weigh and what counts as slow."""
    readers = voters(work.session, collection) * share / 2
    limits = Shares.for_readers(int(readers))
    took = answer_times(work.session, collection.id, _BEFORE)
    slow_ms = max(_NOTICED_MS, slow_limit(took)) if len(took) >= 20 else _SLOW_MS
    return {**stored(rule_of(), limits), "guardrails": {"slow_ms": slow_ms}}


def power_of(work: Work, collection: CollectionRecord, share: float, now: datetime) -> dict[str, Any]:
    """What to expect at the rate at which answers of the collection are rated, in a sentence too."""
    since = now - timedelta(days=RATE_DAYS)
    pace = verdicts_per_day(work.session, collection.id, since, now)
    per_day = None if pace is None else round(pace * share, 1)
    deviation = _deviation(said_before(work.session, collection.id, since))
    stated = plan(rule_of(), effect=EFFECT, per_day=per_day, deviation=deviation)
    return {
        **asdict(stated),
        "sentence": f"{stated.sentence}{_too_few(voters(work.session, collection), share)}",
        "per_day": per_day or 0.0,
        "deviation": deviation,
    }


def _deviation(said: list[tuple[str, bool]]) -> float:
    """Standard deviation of the difference per rating: as readers differed so far, where enough rated, else
    as if each rating were a coin that falls well in seven of ten."""
    values: dict[str, list[bool]] = defaultdict(list)
    for reader, up in said:
        values[reader].append(up)
    if len(values) < _KNOWN:
        return 2 * sqrt(_APPROVAL * (1 - _APPROVAL))
    means = np.array([np.mean(given) for given in values.values()])
    between = float(means.std(ddof=1)) * sqrt(len(said) / len(values))
    overall = (sum(up for _, up in said) + 1) / (len(said) + 2)
    return 2 * max(between, sqrt(overall * (1 - overall)))


def _too_few(readers: int, share: float) -> str:
    if readers * share / 2 >= LEAST_READERS:
        return ""
    return (
        f" It cannot decide as things are: that takes {LEAST_READERS} readers in each arm, and {readers} "
        f"account{'' if readers == 1 else 's'} may read this collection."
    )
