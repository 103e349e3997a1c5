"""Guardrails of a comparison of answers: each arm has its own, so they are compared with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from src.core.messages.questions import AskQuestion
from src.database.models import ExperimentRecord
from src.database.repositories.splits import Given, failed_between, given_in
from src.database.uow import Work
from src.services.evaluation.assignment import CONTROL, TREATMENT, assign, halves
from src.services.evaluation.guardrails import Breach, Guardrail, Rate, check
from src.services.evaluation.split import Judgement
from src.services.text.questions import question_key

from .figures import judgements

_FAILURES = frozenset({"internal", "unavailable", "index_missing", "deadline_exceeded"})
GUARDRAILS = (
    Guardrail("slow answers", tolerance=1.5),
    Guardrail("errors"),
    Guardrail("abstentions"),
    Guardrail("down-votes"),
)
SLOW, ERRORS, ABSTENTIONS, DOWN_VOTES = (guardrail.name for guardrail in GUARDRAILS)
_Unit = tuple[str, str]
_Rates = tuple[Rate, Rate]
"""Of the control and of the treatment."""


def breaches(work: Work, record: ExperimentRecord, now: datetime) -> list[Breach]:
    """Each guardrail's state. One event counts at most for a reader and a question."""
    given = given_in(work.session, record.id)
    slow_ms = float(record.rule["guardrails"]["slow_ms"])
    said = judgements(work, record)
    rates: dict[str, _Rates] = {
        SLOW: _rates(given, lambda one: one.took_ms > slow_ms),
        ERRORS: _errors(work, record, given, now),
        ABSTENTIONS: _rates(given, lambda one: one.refused),
        DOWN_VOTES: (_down_votes(said, CONTROL), _down_votes(said, TREATMENT)),
    }
    return [check(guardrail, *rates[guardrail.name]) for guardrail in GUARDRAILS]


def _errors(work: Work, record: ExperimentRecord, given: list[Given], now: datetime) -> _Rates:
    """Answers that were quoted because the language model failed, and questions that got no answer. Who asked
    those is known, and so which arm it was."""
    failed = failed_between(
        work.session, AskQuestion.capability, _FAILURES, record.started_at, record.ended_at or now
    )
    sides = [assign(record.id, reader, halves(record.share)) for reader in failed]

    def rate(arm: str) -> Rate:
        quoted, lost = _of_arm(given, arm, lambda one: one.fell_back), sides.count(arm)
        return Rate(quoted.events + lost, quoted.total + lost)

    return rate(CONTROL), rate(TREATMENT)


def _rates(given: list[Given], happened: Callable[[Given], bool]) -> _Rates:
    return _of_arm(given, CONTROL, happened), _of_arm(given, TREATMENT, happened)


def _down_votes(said: list[Judgement], arm: str) -> Rate:
    return _units(((one.reader, one.question), not one.up) for one in said if one.arm == arm)


def _of_arm(given: list[Given], arm: str, happened: Callable[[Given], bool]) -> Rate:
    return _units(
        ((one.reader, question_key(one.question)), happened(one)) for one in given if one.arm == arm
    )


def _units(happened: Iterable[tuple[_Unit, bool]]) -> Rate:
    units: dict[_Unit, bool] = {}
    for unit, event in happened:
        units[unit] = units.get(unit, False) or event
    return Rate(sum(units.values()), len(units))
