"""Guardrails of a live comparison: what may not get worse while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from src.core.messages.questions import Search
from src.database.models import ExperimentRecord
from src.database.repositories.guarding import (
    Searched,
    answers_between,
    outcomes_between,
    searches_before,
    searches_within,
)
from src.database.uow import Work
from src.services.evaluation.guardrails import GUARDRAILS, Breach, Rate, check, slow_limit
from src.services.text.questions import question_key

_BEFORE = 500
_LIMIT = 10_000
_BEFORE_DAYS = 28
_NOTICED_MS = 500.0
"""Nobody calls a search slow that took less."""
_FAILURES = frozenset({"internal", "unavailable", "index_missing", "deadline_exceeded"})
SLOW, ERRORS, ABSTENTIONS, DOWN_VOTES = (guardrail.name for guardrail in GUARDRAILS)


def baseline(work: Work, collection_id: str, now: datetime) -> dict[str, Any]:
    """How things stood before the start: what is slow, and how often what may not rise happened."""
    since = now - timedelta(days=_BEFORE_DAYS)
    searches = searches_before(work.session, collection_id, now, _BEFORE)
    took = [search.took_ms for search in searches]
    slow_ms = max(_NOTICED_MS, slow_limit(took)) if len(took) >= 20 else None
    ids = {search.id for search in searches}
    cited = answers_between(work.session, since, now, _BEFORE)
    outcomes = outcomes_between(work.session, Search.capability, since, now, _BEFORE)
    rates = {
        SLOW: _slow(searches, slow_ms),
        ERRORS: _errors(outcomes),
        ABSTENTIONS: _abstentions(searches, {key: value for key, value in cited.items() if key in ids}),
    }
    return {
        "slow_ms": slow_ms,
        **{name: [rate.events, rate.total] for name, rate in rates.items()},
    }


def breaches(work: Work, record: ExperimentRecord, now: datetime) -> list[Breach]:
    """Each guardrail's state. The list is one, so that what a reader waits for, or is not answered, is
    compared with the time before; down-votes are compared between the two models."""
    before: Mapping[str, Any] = record.rule["guardrails"]
    searches = searches_within(work.session, record.id)
    cited = answers_between(work.session, record.started_at, now, _LIMIT)
    outcomes = outcomes_between(work.session, Search.capability, record.started_at, now, _LIMIT)
    during = {
        SLOW: _slow(searches, before["slow_ms"]),
        ERRORS: _errors(outcomes),
        ABSTENTIONS: _abstentions(searches, cited),
    }
    control, treatment = _down_votes(work, record)
    rates = {name: (Rate(*before[name]), rate) for name, rate in during.items()}
    rates[DOWN_VOTES] = (control, treatment)
    return [check(guardrail, *rates[guardrail.name]) for guardrail in GUARDRAILS]


def _slow(searches: Iterable[Searched], slow_ms: float | None) -> Rate:
    """Readers' questions that were slow at least once; nothing where it is not known what is slow."""
    if slow_ms is None:
        return Rate(0, 0)
    return _units((_unit(search), search.took_ms > slow_ms) for search in searches)


def _abstentions(searches: Iterable[Searched], cited: Mapping[str, bool]) -> Rate:
    """Readers' questions whose answer cites nothing."""
    return _units((_unit(search), not cited[search.id]) for search in searches if search.id in cited)


def _errors(outcomes: Iterable[str]) -> Rate:
    found = list(outcomes)
    return Rate(sum(outcome in _FAILURES for outcome in found), len(found))


def _down_votes(work: Work, record: ExperimentRecord) -> tuple[Rate, Rate]:
    """Of the passages that each model ranks higher than the other, how many were voted down."""
    votes = work.experiments.votes(record.id)
    sides = [
        [
            ((vote.user_id, vote.question_key), vote.verdict == "down")
            for vote in votes
            if vote.gain * sign > 0
        ]
        for sign in (-1, 1)
    ]
    return _units(sides[0]), _units(sides[1])


def _unit(search: Searched) -> tuple[str, str]:
    return search.user_id, question_key(search.query)


def _units(happened: Iterable[tuple[tuple[str, str], bool]]) -> Rate:
    """At most one event for a reader and a question."""
    units: dict[tuple[str, str], bool] = {}
    for unit, event in happened:
        units[unit] = units.get(unit, False) or event
    return Rate(sum(units.values()), len(units))
