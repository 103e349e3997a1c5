"""What is fixed before a comparison starts, as it is stored with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from math import ceil
from typing import Any, TypeVar

from src.database.models import CollectionRecord, ExperimentRecord, ExperimentVoteRecord
from src.database.repositories.trials import raters, up_votes_per_day, voters
from src.database.uow import Work
from src.services.evaluation.estimate import Shares, Vote
from src.services.evaluation.interleaving import weight_at
from src.services.evaluation.power import DEVIATION, plan
from src.services.evaluation.sequential import DecisionRule
from src.services.evaluation.watch import ReturnRule

EFFECT = 0.03
"""The gain that the power of a trial is stated for."""

R = TypeVar("R")


def shares_for(work: Work, collection: CollectionRecord) -> Shares:
    """How much one reader and one question may weigh, by how many may vote."""
    return Shares.for_readers(voters(work.session, collection))


def stored(rule: DecisionRule | ReturnRule, shares: Shares) -> dict[str, Any]:
    """A rule as JSON, with its critical values and the shares."""
    return {**asdict(rule), "critical": rule.critical, "shares": asdict(shares)}


def decision_rule(rule: Mapping[str, Any]) -> DecisionRule:
    return _made(DecisionRule, rule)


def return_rule(rule: Mapping[str, Any]) -> ReturnRule:
    return _made(ReturnRule, rule)


def stored_shares(rule: Mapping[str, Any]) -> Shares:
    return _made(Shares, rule["shares"])


def looks_done(record: ExperimentRecord) -> int:
    """How many looks of its rule a comparison has behind it."""
    return int(record.looks[-1]["done"]) if record.looks else 0


def power_of(
    work: Work, collection: CollectionRecord, rule: DecisionRule, share: float, now: datetime
) -> dict[str, Any]:
    """What to expect of a trial at the rate at which the collection is rated, and by how many."""
    pace = up_votes_per_day(work.session, collection.id, now)
    per_day = None if pace is None else round(pace * share, 1)
    stated = plan(rule, effect=EFFECT, per_day=per_day)
    said = f"{stated.sentence}{_too_few(work, collection, now)}"
    return {**asdict(stated), "sentence": said, "per_day": per_day or 0.0, "deviation": DEVIATION}


def _too_few(work: Work, collection: CollectionRecord, now: datetime) -> str:
    """A warning where fewer readers vote than it takes for any vote to count, though enough could."""
    least = ceil(1 / shares_for(work, collection).reader)
    active = raters(work.session, collection.id, now)
    if active >= least or not active:
        return ""
    voted = "One reader" if active == 1 else f"{active} readers"
    return (
        f" {voted} voted in the last four weeks, and of as many as may vote here {least} have to before "
        "anything counts: else one of them would decide alone."
    )


def votes_of(records: Iterable[ExperimentVoteRecord]) -> list[Vote]:
    """The up-votes as the statistics take them."""
    return [
        Vote(record.user_id, record.question_key, record.gain, weight_at(record.place))
        for record in records
        if record.verdict == "up"
    ]


def _made(kind: type[R], values: Mapping[str, Any]) -> R:
    """A rule of what was stored; what later versions added keeps its default."""
    known = {field.name for field in fields(kind)} & values.keys()  # type: ignore[arg-type]  # a dataclass
    return kind(
        **{name: tuple(values[name]) if isinstance(values[name], list) else values[name] for name in known}
    )
