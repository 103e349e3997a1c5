"""What became of a reader's ratings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from src.core.context import Context
from src.core.messages import Page
from src.core.messages.feedback import RatingKind, RatingState, Reason, Verdict
from src.core.messages.insights import (
    Concern,
    ConcernKind,
    InDataset,
    InModel,
    MemoryEffect,
    RatingOutcome,
    RatingOutcomes,
)
from src.core.messages.models import ModelState
from src.database.grants import scope_of
from src.database.models import ModelRecord, RatingRecord
from src.database.repositories.feedback import Ratings
from src.database.repositories.outcomes import Outcomes, TakenUp
from src.database.uow import Database, Work
from src.services.ranking.examples import DOWN_VOTE

from .ratings import person
from .views import rating_views

_MODELS = 5
_STATES = {
    ModelState.CANDIDATE: "waits for its proof",
    ModelState.GATED: "passed its proof and waits for a trial",
    ModelState.TRIAL: "is on trial with readers",
    ModelState.LIVE: "ranks now",
    ModelState.RETIRED: "ranked until another took its place",
    ModelState.REJECTED: "was rejected",
}


def outcomes(database: Database, request: RatingOutcomes, ctx: Context) -> Page[RatingOutcome]:
    """The caller's ratings with what came of them. Of what is in a collection that the caller may not read
    any more, no more is told than the rating itself."""
    person(ctx)
    with database.read() as work:
        records, cursor = Ratings(work.session).page(
            ctx.caller, mine=True, limit=request.limit, cursor=request.cursor
        )
        readable = scope_of(work, ctx.caller, None).collection_ids
        findings = _findings(work, [one for one in records if one.collection_id in readable | {None}])
        views = rating_views(work, records)
    items = tuple(
        RatingOutcome(
            rating=view,
            told=tuple(_told(record, found)),
            dataset=found.dataset,
            models=found.models,
            effect=found.effect,
            passage=found.passage,
        )
        for view, record in zip(views, records, strict=True)
        for found in (findings.get(record.id, _Findings()),)
    )
    return Page[RatingOutcome](items=items, next=cursor)


@dataclass(frozen=True)
class _Findings:
    dataset: InDataset | None = None
    models: tuple[InModel, ...] = ()
    effect: MemoryEffect = MemoryEffect.NONE
    passage: Concern | None = None


def _findings(work: Work, records: Sequence[RatingRecord]) -> dict[str, _Findings]:
    outcomes = Outcomes(work.session)
    taken_up = outcomes.datasets({record.id for record in records})
    used = {one.dataset_id for found in taken_up.values() for one in found if one.used}
    models = outcomes.models(used)
    balance = outcomes.balance(records, DOWN_VOTE)
    places = outcomes.places({one.content_key for one in records if one.content_key is not None})
    found = {}
    for record in records:
        datasets = taken_up.get(record.id, [])
        made = [model for one in datasets if one.used for model in models.get(one.dataset_id, ())]
        effect, passage = MemoryEffect.NONE, None
        place = places.get((record.collection_id or "", record.content_key or ""))
        if place is not None:
            passage = Concern(kind=ConcernKind.PASSAGE, id=place[0], title=place[1])
            key = record.collection_id or "", record.question_key, record.content_key or ""
            if record.state == RatingState.COUNTED:
                effect = _effect(record, balance.get(key, 0.0))
        found[record.id] = _Findings(_dataset(datasets), _models(made), effect, passage)
    return found


def _effect(record: RatingRecord, balance: float) -> MemoryEffect:
    """What all votes do together, where this one is among those that do it."""
    if balance > 0 and record.verdict == "up":
        return MemoryEffect.LIFTS
    if balance < 0 and record.verdict == "down":
        return MemoryEffect.LOWERS
    return MemoryEffect.NONE


def _dataset(datasets: Sequence[TakenUp]) -> InDataset | None:
    if not datasets:
        return None
    newest = datasets[0]
    reason = None if newest.used else "; ".join(newest.excluded)
    return InDataset(dataset_id=newest.dataset_id, version=newest.version, used=newest.used, reason=reason)


def _models(records: Sequence[ModelRecord]) -> tuple[InModel, ...]:
    newest = sorted({record.id: record for record in records}.values(), key=lambda one: -one.version)
    return tuple(
        InModel(model_id=one.id, version=one.version, state=ModelState(one.state)) for one in newest[:_MODELS]
    )


def _told(record: RatingRecord, found: _Findings) -> Iterator[str]:
    yield _state(record)
    if found.dataset is not None:
        version = f"version {found.dataset.version} of the training data"
        if found.dataset.used:
            yield f"It is used in {version}."
        else:
            yield f"It is left out of {version}: {(found.dataset.reason or '').rstrip('.')}."
    for model in found.models:
        yield f"It is part of model {model.version}, which {_STATES[model.state]}."
    if found.passage is not None and found.effect is not MemoryEffect.NONE:
        way = "higher" if found.effect is MemoryEffect.LIFTS else "lower"
        yield f"Questions like this one now find “{found.passage.title}” {way} than before."


def _state(record: RatingRecord) -> str:
    match RatingState(record.state):
        case RatingState.NEW:
            return "It is being checked."
        case RatingState.HELD:
            why = (record.held_reason or "it is out of the ordinary").rstrip(".")
            return f"It waits until an administrator has looked at it: {why}."
        case RatingState.DISCARDED:
            return "An administrator decided that it does not count."
        case RatingState.COUNTED:
            return _counts(record)


def _counts(record: RatingRecord) -> str:
    """What a rating works on; of a passage's the effect is told with it."""
    if record.kind != RatingKind.ANSWER:
        return "It counts."
    if record.verdict == Verdict.UP:
        also = "and a little for the passages that the answer cites when the ranking is trained"
    elif Reason.WRONG_PASSAGES in record.reasons:
        also = "and a little against the passages that were shown first when the ranking is trained"
    elif record.correction:
        also = "and what you say would be right teaches the ranking, where a passage is found that says it"
    else:
        also = "and tells why questions fail; the ranking learns nothing from it, for it names no passage"
    return f"It counts where ways to answer are compared, {also}."
