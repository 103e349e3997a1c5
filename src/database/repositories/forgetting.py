"""What goes with a user beside what the database removes by itself, and what models learned that is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from src.database.models import (
    AnswerRecord,
    CollectionRecord,
    DatasetRecord,
    ExampleRecord,
    GoldenQuestionRecord,
    ModelRecord,
    RatingRecord,
    SearchRecord,
    SignInFailureRecord,
    TrainingRunRecord,
    UserRecord,
)

from .base import chunks

_CORRECTIONS = ("correction", "statement")
_MARK = "must_forget"
_LEFT = "left_meanwhile"
"""In the configuration of a run: how many of its votes, and of all its examples, went while it learned."""
_EMBEDDING = "embedding"
_BY_HAND = (
    ModelRecord.run_id.is_(None),
    ModelRecord.artefact.is_not(None),
    ModelRecord.role == "ranking",
)
"""Of the models that have a parent: that they rank with what it learned, other weights or passages beside."""


def _rated_collections(session: Session, user_id: str) -> Sequence[str]:
    """The collections on whose passages the user voted, in whatever state the votes are."""
    query = select(RatingRecord.collection_id).where(
        RatingRecord.user_id == user_id, RatingRecord.collection_id.is_not(None)
    )
    return [key for key in session.scalars(query.distinct().order_by(RatingRecord.collection_id)) if key]


def remove_user(session: Session, user: UserRecord) -> tuple[str, ...]:
    """Delete a user with all that they asked and said; returns the collections that they voted in.

    Foreign keys take ratings, signals, tokens, memberships and conversations along, and with the ratings
    their examples in data sets and their votes in experiments; collections stay, and belong to nobody.

    Everybody who changes models or ends runs holds the collection first, and so does this: those that the
    user owns lose their owner at the end, when a run that concludes would wait for what was marked."""
    _hold(session, user)
    voted_in = tuple(_rated_collections(session, user.id))
    said = select(RatingRecord.id).where(RatingRecord.user_id == user.id)
    _mark(session, ExampleRecord.rating_id.in_(said))
    session.execute(delete(GoldenQuestionRecord).where(GoldenQuestionRecord.rating_id.in_(said)))
    session.execute(delete(AnswerRecord).where(AnswerRecord.user_id == user.id))
    session.execute(delete(SearchRecord).where(SearchRecord.user_id == user.id))
    session.execute(delete(SignInFailureRecord).where(SignInFailureRecord.name_key == user.name_key))
    session.delete(user)
    session.flush()
    return voted_in


def _hold(session: Session, user: UserRecord) -> None:
    """Keep out those who hold a collection alone of those that the user owns or voted in; who only refers to
    one, as a vote does, goes on. Then keep out who refers to the user: who changes a collection twice refers
    to its owner, so that nobody may wait for a collection who holds users against that."""
    voted_in = select(RatingRecord.collection_id).where(RatingRecord.user_id == user.id)
    concerned = or_(CollectionRecord.owner_id == user.id, CollectionRecord.id.in_(voted_in))
    query = select(CollectionRecord.id).where(concerned).order_by(CollectionRecord.id)
    session.execute(query.with_for_update(key_share=True))
    session.execute(select(UserRecord.id).where(UserRecord.id == user.id).with_for_update())


def mark_learned_from(session: Session, document_id: str) -> None:
    """Before a document is deleted: have the models that learned from its passages be replaced."""
    _mark(session, ExampleRecord.document_id == document_id)


def must_forget(model: ModelRecord) -> int:
    """How many of the examples that a model learned from went with a deleted user or document. Such a model
    is not returned to, and the next one that is made without them takes its place."""
    return int(model.card.get(_MARK, 0))


def _mark(session: Session, lost: ColumnElement[bool]) -> None:
    query = (
        select(TrainingRunRecord.id, func.count(ExampleRecord.split), func.count())
        .join(ExampleRecord, ExampleRecord.dataset_id == TrainingRunRecord.dataset_id)
        .where(lost, ExampleRecord.excluded.is_(None))
        .group_by(TrainingRunRecord.id)
    )
    counts = {run_id: (int(votes), int(all_)) for run_id, votes, all_ in session.execute(query)}
    for part in chunks(sorted(counts)):
        _note_in_runs(session, part, counts)
        for model in session.scalars(select(ModelRecord).where(ModelRecord.run_id.in_(part))):
            lost_ = _of_kind(model.kind, counts[model.run_id or ""])
            if lost_:
                _mark_with(session, model, lost_)
    session.flush()


def _note_in_runs(session: Session, run_ids: Sequence[str], counts: Mapping[str, tuple[int, int]]) -> None:
    """Note it in the runs that are to make their model yet. One that is just about to is waited for: its
    model is found afterwards."""
    query = select(TrainingRunRecord).where(TrainingRunRecord.id.in_(run_ids))
    for run in session.scalars(query.order_by(TrainingRunRecord.id).with_for_update()):
        if run.finished_at is None:
            before = run.configuration.get(_LEFT, (0, 0))
            left = [sum(both) for both in zip(before, counts[run.id], strict=True)]
            run.configuration = {**run.configuration, _LEFT: left}


def _of_kind(kind: str, counts: Sequence[int]) -> int:
    """Of the votes and of all examples, what a model of that kind learns from: only an embedding model also
    learns from what stands in no fold, made-up questions and the like."""
    votes, all_ = counts
    return all_ if kind == _EMBEDDING else votes


def _mark_with(session: Session, model: ModelRecord, lost: int) -> None:
    """Mark a model, where it is an embedding model those that rank by its vectors, and what was made of any
    of them by hand."""
    marked = {model.id: model}
    if model.kind == _EMBEDDING and model.embedding_version is not None:
        ranked_by = ModelRecord.embedding_version == model.embedding_version
        marked |= {each.id: each for each in session.scalars(select(ModelRecord).where(ranked_by))}
    newest = list(marked)
    while newest:
        made = session.scalars(select(ModelRecord).where(ModelRecord.parent_id.in_(newest), *_BY_HAND))
        found = {each.id: each for each in made if each.id not in marked}
        marked |= found
        newest = list(found)
    for each in marked.values():
        each.card = {**each.card, _MARK: must_forget(each) + lost}


def marked_as_parent(session: Session, parent_id: str, card: dict[str, Any]) -> dict[str, Any]:
    """The card of a new model that is made by hand of another one, with what that must forget."""
    parent = session.get(ModelRecord, parent_id)
    lost = max(int(card.get(_MARK, 0)), must_forget(parent) if parent is not None else 0)
    return {**card, _MARK: lost} if lost else card


def marked_as(session: Session, embedding_version: str, card: dict[str, Any]) -> dict[str, Any]:
    """The card of a new model that ranks by these vectors, with what their embedding model must forget."""
    query = select(ModelRecord).where(
        ModelRecord.embedding_version == embedding_version, ModelRecord.kind == _EMBEDDING
    )
    lost = max((must_forget(model) for model in session.scalars(query)), default=0)
    return {**card, _MARK: lost} if lost else card


def marked_by_run(session: Session, run_id: str, kind: str, card: dict[str, Any]) -> dict[str, Any]:
    """The card of the model that a run makes, with what left while it learned."""
    query = select(TrainingRunRecord.configuration).where(TrainingRunRecord.id == run_id)
    configuration = session.scalar(query.with_for_update()) or {}
    lost = _of_kind(kind, configuration.get(_LEFT, (0, 0)))
    return {**card, _MARK: int(card.get(_MARK, 0)) + lost} if lost else card


def collections_with_learned_models(session: Session) -> Sequence[str]:
    """The collections whose live model came of a training run, or was made by hand of one that may have."""
    query = select(ModelRecord.collection_id).where(
        ModelRecord.state == "live", or_(ModelRecord.run_id.is_not(None), and_(*_BY_HAND))
    )
    return list(session.scalars(query.order_by(ModelRecord.collection_id)))


def gone_examples(session: Session, dataset: DatasetRecord) -> int:
    """How many of the votes that a data set took do not hold any more: the vote is deleted, retracted,
    set apart or turned round, or its document is deleted. Examples go with their vote and document, so that
    the count that the data set kept says how many there were."""
    turned = or_(
        ExampleRecord.origin.in_(_CORRECTIONS),
        (RatingRecord.verdict == "up") == (ExampleRecord.label > 0),
    )
    still = (
        select(func.count())
        .select_from(ExampleRecord)
        .outerjoin(RatingRecord, RatingRecord.id == ExampleRecord.rating_id)
        .where(
            ExampleRecord.dataset_id == dataset.id,
            ExampleRecord.excluded.is_(None),
            ExampleRecord.split.is_not(None),
            or_(ExampleRecord.rating_id.is_(None), (RatingRecord.state == "counted") & turned),
        )
    )
    return max(0, int(dataset.counts.get("taken", 0)) - int(session.scalar(still) or 0))


def gone_from_model(session: Session, model: ModelRecord | None) -> int:
    """How many of the examples that a model learned from do not hold any more."""
    trained = model
    while trained is not None and trained.run_id is None:
        trained = session.get(ModelRecord, trained.parent_id) if trained.parent_id else None
    if model is None or trained is None or model.role != trained.role:
        return 0
    dataset = session.scalar(
        select(DatasetRecord)
        .join(TrainingRunRecord, TrainingRunRecord.dataset_id == DatasetRecord.id)
        .where(TrainingRunRecord.id == trained.run_id)
    )
    gone = gone_examples(session, dataset) if dataset is not None else 0
    return max(gone, must_forget(model))
