"""The models that rank a collection's passages or answer from them, and how they change places."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from .base import Access, Event, Id, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit


class ModelRole(StrEnum):
    """What a model decides: how passages are ranked, or how questions are answered from them."""

    RANKING = "ranking"
    ANSWERING = "answering"


class ModelState(StrEnum):
    """Where a model is on its way."""

    CANDIDATE = "candidate"
    GATED = "gated"
    TRIAL = "trial"
    LIVE = "live"
    RETIRED = "retired"
    REJECTED = "rejected"


class ModelChange(Reply):
    """A change of a model's state: who or what decided it, why, and on what evidence."""

    before: ModelState | None
    after: ModelState
    decided_by: str
    reason: str
    evidence: dict[str, Any]
    at: datetime


class Evaluation(Reply):
    """What a model reached on one set of questions, against another model. ``figures`` hold mean, change
    and interval for nDCG, recall and MRR at 10, for all, seen and unseen questions."""

    name: str
    set_id: str | None
    against_id: str | None
    questions: int
    figures: dict[str, Any]
    passed: bool | None
    at: datetime


class Model(Reply):
    """A way to rank the passages of a collection or, by its ``role``, to answer from them. ``version`` counts
    up in its collection; ``artefact`` is the SHA-256 of its file, null where it has none; ``card`` says what
    it is made of and from, for a way to answer its ``settings``."""

    id: str
    collection_id: str
    version: int
    role: ModelRole = ModelRole.RANKING
    kind: str
    state: ModelState
    reason: str | None
    parent_id: str | None
    run_id: str | None
    artefact: str | None
    card: dict[str, Any]
    created_at: datetime
    changed_at: datetime


class ModelDetail(Model):
    """A model with its history and what it was measured at. ``votes_gone`` counts the examples that it
    learned from and that are gone since, with their user or document or by another verdict."""

    votes_gone: int = 0
    changes: tuple[ModelChange, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()


class ListModels(Request[Page[Model]]):
    """Models of the collections that the caller may read, newest first."""

    capability: ClassVar[str] = "model.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    state: ModelState | None = None
    role: ModelRole | None = None
    limit: Limit = 50
    cursor: Cursor = None


class GetModel(Request[ModelDetail]):
    """One model with its history and figures."""

    capability: ClassVar[str] = "model.get"
    access: ClassVar[Access] = Access.read(Target.MODEL, "model_id")
    model_id: Id


class PromoteModel(Request[ModelDetail]):
    """Make a model the live one of its collection, by a person's decision; the one before is kept."""

    capability: ClassVar[str] = "model.promote"
    access: ClassVar[Access] = Access.write(Target.MODEL, "model_id")
    model_id: Id
    reason: Text | None = Field(None, max_length=1000)


class RollBackModel(Request[ModelDetail]):
    """Return from this live model to the one that was live before it."""

    capability: ClassVar[str] = "model.rollback"
    access: ClassVar[Access] = Access.write(Target.MODEL, "model_id")
    model_id: Id
    reason: Text | None = Field(None, max_length=1000)


class RejectModel(Request[ModelDetail]):
    """Put a model that waits aside, by a person's decision; an index that is being built for it is given up.
    One on trial is rejected by stopping its comparison."""

    capability: ClassVar[str] = "model.reject"
    access: ClassVar[Access] = Access.write(Target.MODEL, "model_id")
    model_id: Id
    reason: Text | None = Field(None, max_length=1000)


class ProposeChunker(Request[ModelDetail]):
    """Register a candidate that ranks as the live model does, over passages that are cut otherwise: of at
    most ``tokens`` tokens of the embedding model (as configured without), where each part of what is
    too long for one passage repeats about ``overlap`` of them from the part before. Its index is built
    beside the live one; then it comes to the gate and is tried, as any candidate. With ``switch`` it goes
    live as soon as it has passed the gate, by the decision of whoever proposes it, and is not tried; if
    another model went live in between it is tried all the same."""

    capability: ClassVar[str] = "model.chunker"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    tokens: int | None = Field(None, ge=96, le=8192)
    overlap: int = Field(0, ge=0, le=4096)
    switch: bool = False


class CandidateTrained(Event):
    """A training run has registered a model."""

    topic: ClassVar[str] = "candidate.trained.v1"
    model_id: str
    collection_id: str
    run_id: str

    def ordering_key(self) -> str | None:
        return self.collection_id


class ModelPromoted(Event):
    """A model became the live one of its collection."""

    topic: ClassVar[str] = "model.promoted.v1"
    model_id: str
    collection_id: str
    before_id: str | None
    decided_by: str
    reason: str

    def ordering_key(self) -> str | None:
        return self.collection_id


class ModelRolledBack(Event):
    """A collection returned to an earlier model."""

    topic: ClassVar[str] = "model.rolled-back.v1"
    model_id: str
    collection_id: str
    to_id: str
    decided_by: str
    reason: str

    def ordering_key(self) -> str | None:
        return self.collection_id


class ModelRejected(Event):
    """A model will not be promoted."""

    topic: ClassVar[str] = "model.rejected.v1"
    model_id: str
    collection_id: str
    reason: str
