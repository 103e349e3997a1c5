"""When a newer candidate takes the place of the one on trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from src.database.models import ExperimentRecord, ModelRecord
from src.database.uow import Work
from src.services import registry
from src.services.evaluation.estimate import Estimate, estimate
from src.services.evaluation.sequential import DecisionRule

from .gatekeeping import is_open
from .rules import decision_rule, looks_done, stored_shares, votes_of

GROWTH = 2.0
PROMISING = 1.0
"""In standard errors: a candidate that is this far ahead has its coming look first."""


@dataclass(frozen=True)
class Takeover:
    """Why the trial ends, and the rule of the one that follows."""

    reason: str
    rule: DecisionRule


def takeover(work: Work, running: ExperimentRecord, newer: ModelRecord) -> Takeover | None:
    """What follows where the newer model was trained on twice the votes, or is clearly better offline; None
    where the running trial goes on.

    One that passed the gate as better takes the place of one that was only not worse, which never takes that
    of a better one. A trial that a person asked for is left alone, also by a proposal of other passages, and
    one that is more than half way to its next look and ahead. What the looks so far have spent of the level
    is not given out again, so that the number of takeovers is limited and all trials up to a decision promote
    an equal candidate as rarely as one.
    """
    if "asked_by" in running.rule:
        return None
    rule = decision_rule(running.rule).after(looks_done(running))
    older = work.models.find(running.treatment_id)
    if rule is None or older is None or older.kind == registry.CHUNKER:
        return None
    if is_open(work, newer) and not is_open(work, older):
        return None
    why = (
        _proved(work, older, newer)
        or more_votes(older, newer)
        or _better_offline(work, running, older, newer)
    )
    seen = estimate(votes_of(work.experiments.votes(running.id)), stored_shares(running.rule))
    if why is None or _about_to_tell(running, seen):
        return None
    shown = f"its {seen.votes} up-votes so far are not enough data to decide on version {older.version}"
    return Takeover(f"Version {newer.version} takes its place: {why}, and {shown}.", rule)


def _about_to_tell(running: ExperimentRecord, seen: Estimate) -> bool:
    done, looks = looks_done(running), decision_rule(running.rule).looks
    before = looks[done - 1] if done else 0
    return seen.z >= PROMISING and seen.counted > (before + looks[done]) / 2


def _proved(work: Work, older: ModelRecord, newer: ModelRecord) -> str | None:
    if is_open(work, older) and not is_open(work, newer):
        return f"it was better offline, as version {older.version} was not"
    return None


def more_votes(older: ModelRecord, newer: ModelRecord) -> str | None:
    """That the newer model knows much more, in words; None where it does not, or nobody knows."""
    had, has = trained_on(older), trained_on(newer)
    if had and has >= GROWTH * had:
        return f"it was trained on {has} votes, version {older.version} on {had}"
    return None


def trained_on(model: ModelRecord) -> int:
    """How many votes a model was trained on; 0 where that is not known."""
    return int(model.card.get("trained_on", {}).get("votes", 0))


def _better_offline(
    work: Work, running: ExperimentRecord, older: ModelRecord, newer: ModelRecord
) -> str | None:
    """Where both were measured on the same golden sets against the same model: ahead on one with intervals
    that do not meet, and behind on none."""
    had, has = (_gains(work, model, running.control_id) for model in (older, newer))
    both = had.keys() & has.keys()
    if any(has[name]["mean"] < had[name]["mean"] for name in both):
        return None
    for name in sorted(both):
        if has[name]["lower"] > had[name]["upper"]:
            gains = f"{has[name]['mean']:+.3f} against {had[name]['mean']:+.3f} nDCG@10"
            return f"it is clearly better on {name} ({gains})"
    return None


def _gains(work: Work, model: ModelRecord, against_id: str) -> dict[str, Mapping[str, Any]]:
    """The change in nDCG on each golden set, as the latest gate measured it."""
    return {
        found.name: found.figures["ndcg"]
        for found in work.models.evaluations(model.id)
        if found.set_id is not None and found.against_id == against_id and "ndcg" in found.figures
    }
