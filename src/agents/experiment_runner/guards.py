"""Guardrails of a live comparison: what may not get worse while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from src.core.messages.questions import Search
from src.database.models import ExperimentRecord
from src.database.repositories.guarding import (
    Searched,
    answers_between,
    outcomes_between,
    searches_between,
    searches_within,
)
from src.database.uow import Work
from src.services.evaluation.guardrails import GUARDRAILS, Breach, Rate, check, lags, slow_limit, stalled
from src.services.text.questions import question_key

ENOUGH = 20
"""Searches, answers or requests below which a time says nothing."""
_BEFORE = 500
_LIMIT = 10_000
_BEFORE_DAYS = 28
_NOTICED_MS = 500.0
"""Nobody calls a search slow that took less."""
_FAILURES = frozenset({"internal", "unavailable", "index_missing", "deadline_exceeded"})
LAGGING, FAILING, DOWN_VOTES, SLOW, ERRORS, ABSTENTIONS = (guardrail.name for guardrail in GUARDRAILS)


def baseline(work: Work, collection_id: str, now: datetime, since: datetime | None = None) -> dict[str, Any]:
    """How things stood before ``now``: how long a search took, what is slow, and how often what may not rise
    happened. What happens from then on is compared with it."""
    since = since or now - timedelta(days=_BEFORE_DAYS)
    searches = searches_between(work.session, collection_id, since, now, _BEFORE)
    took = [search.took_ms for search in searches]
    known = len(took) >= ENOUGH
    slow_ms = max(_NOTICED_MS, slow_limit(took)) if known else None
    ids = {search.id for search in searches}
    cited = answers_between(work.session, since, now, _BEFORE)
    outcomes = outcomes_between(work.session, Search.capability, since, now, _BEFORE)
    rates = {
        SLOW: _slow(searches, slow_ms),
        ERRORS: _errors(outcomes),
        ABSTENTIONS: _abstentions(searches, {key: value for key, value in cited.items() if key in ids}),
    }
    return {
        "since": now.isoformat(),
        "usual_ms": median(took) if known else None,
        "slow_ms": slow_ms,
        **{name: [rate.events, rate.total] for name, rate in rates.items()},
    }


def breaches(work: Work, record: ExperimentRecord, now: datetime) -> list[Breach]:
    """Each guardrail's state, those first that know whose fault it is.

    The two models are compared by what each alone is answerable for: how long the way to its ranking takes
    in one and the same search, whether it comes to one, and the down-votes on what it ranks higher. What a
    reader waits for, or is not answered, comes of both; it can only be compared with the time before.
    """
    before: Mapping[str, Any] = record.rule["guardrails"]
    since = datetime.fromisoformat(before["since"])
    searches = searches_within(work.session, record.id, since, _LIMIT)
    cited = answers_between(work.session, since, now, _LIMIT)
    outcomes = outcomes_between(work.session, Search.capability, since, now, _LIMIT)
    during = {
        SLOW: _slow(searches, before["slow_ms"]),
        ERRORS: _errors(outcomes),
        ABSTENTIONS: _abstentions(searches, cited),
    }
    rates = {name: (Rate(*before[name]), rate) for name, rate in during.items()}
    rates[LAGGING] = _lagging(searches, before["usual_ms"])
    rates[FAILING] = _failing(searches)
    rates[DOWN_VOTES] = _down_votes(work, record)
    return [check(guardrail, *rates[guardrail.name]) for guardrail in GUARDRAILS]


def _lagging(searches: Iterable[Searched], usual_ms: float | None) -> tuple[Rate, Rate]:
    """Readers' questions in which the way to one model's ranking was noticeably longer than the other's.

    Where the machine stalls it may do so during the part that only the treatment needs. It then stalls
    during the rest as well: such searches count for the control, so that they cannot speak against the
    treatment alone."""
    timed = [
        (_unit(search), search.control_ms, search.treatment_ms)
        for search in searches
        if search.control_ms is not None and search.treatment_ms is not None
    ]
    control = _units(
        (unit, stalled(mine, usual_ms) or lags(mine, theirs, usual_ms)) for unit, mine, theirs in timed
    )
    return control, _units((unit, lags(theirs, mine, usual_ms)) for unit, mine, theirs in timed)


def _failing(searches: Iterable[Searched]) -> tuple[Rate, Rate]:
    """Readers' questions that the treatment could not rank; where the control cannot, nothing is shown."""
    failed = _units(
        (_unit(search), search.treatment_ms is None) for search in searches if search.control_ms is not None
    )
    return Rate(0, failed.total), failed


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
