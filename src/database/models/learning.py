"""Training data, training runs and the models that came of them."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Digest, JsonList, JsonObject, Key, Moment, Name, Ref


class DatasetRecord(Base):
    """A version of a collection's training data; it never changes. ``digest`` names its content."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("collection_id", "version"),)

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    version: Mapped[int]
    digest: Mapped[Digest]
    counts: Mapped[JsonObject]
    created_at: Mapped[Moment]


class ExampleRecord(Base):
    """A question with one judged passage of a data set, or why it was left out of it.

    ``rating_id`` is the vote it comes of, ``document_id`` the document of its passage: when the user or the
    document is deleted the example goes, and the next data set is built without it. ``made_by`` names what
    made it up where it is nobody's vote. ``split`` is the fold of the question."""

    __tablename__ = "dataset_examples"
    __table_args__ = (Index("ix_dataset_examples_dataset", "dataset_id", "id"),)

    id: Mapped[Key]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    rating_id: Mapped[str | None] = mapped_column(ForeignKey("ratings.id", ondelete="CASCADE"), index=True)
    document_id: Mapped[str | None] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    origin: Mapped[str] = mapped_column(String(20))
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[Digest]
    content_key: Mapped[Digest]
    label: Mapped[float] = mapped_column(Float)
    weight: Mapped[float] = mapped_column(Float)
    split: Mapped[int | None]
    excluded: Mapped[str | None] = mapped_column(String(200))
    made_by: Mapped[Name | None]


class PoolRecord(Base):
    """The candidates of a question with their features, as ``revision`` of its collection gave them: kept
    because gathering them takes a search, and made anew where they are missing."""

    __tablename__ = "question_pools"

    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    question_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[Digest]
    pool: Mapped[bytes] = mapped_column(LargeBinary)


class MadeQuestionRecord(Base):
    """A question that a language model made up for a passage; with a ``hindrance`` it is of no use, and empty
    where there is none. ``rank`` is where a search for it finds the passage; ``run_id`` is the training
    run that asked, and tokens and cost are those of the call, noted with its first question."""

    __tablename__ = "made_questions"
    __table_args__ = (Index("ix_made_questions_collection", "collection_id", "content_key"),)

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[str] = mapped_column(String(64), index=True)
    content_key: Mapped[Digest]
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[Digest]
    made_by: Mapped[Name]
    rank: Mapped[int | None]
    hindrance: Mapped[str | None] = mapped_column(String(200))
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cost_usd: Mapped[float | None] = mapped_column(Float)
    made_at: Mapped[Moment]


class TrainingRunRecord(Base):
    """One attempt to learn from a data set: what went in, how it went, and what came out."""

    __tablename__ = "training_runs"
    __table_args__ = (Index("ix_training_runs_collection", "collection_id", "id"),)

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    job_id: Mapped[Ref | None]
    trainer: Mapped[str] = mapped_column(String(60))
    dataset_id: Mapped[Ref | None]
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    configuration: Mapped[JsonObject]
    seed: Mapped[int]
    environment: Mapped[JsonObject]
    curves: Mapped[JsonObject]
    figures: Mapped[JsonObject]
    model_id: Mapped[Ref | None]
    created_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]


class ModelRecord(Base):
    """A way to rank or, by its ``role``, to answer: candidate → gated → trial → live → retired, or rejected
    with the reason.

    One of each role is live in a collection. ``artefact`` is the digest of its file; None for the default
    fusion and for a way to answer, whose settings stand in its ``card``. ``embedding_version`` and
    ``cutting`` are those of the index it ranks; None for whichever is live."""

    __tablename__ = "models"
    __table_args__ = (
        UniqueConstraint("collection_id", "version"),
        Index(
            "uq_models_live",
            "collection_id",
            "role",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
        Index("ix_models_collection", "collection_id", "id"),
    )

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    version: Mapped[int]
    role: Mapped[str] = mapped_column(String(20), default="ranking")
    kind: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[Ref | None]
    run_id: Mapped[Ref | None]
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    artefact: Mapped[Digest | None]
    embedding_version: Mapped[Name | None]
    cutting: Mapped[Name | None]
    card: Mapped[JsonObject]
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]


class ModelChangeRecord(Base):
    """A change of a model's state, with who or what decided it and on what evidence."""

    __tablename__ = "model_changes"
    __table_args__ = (Index("ix_model_changes_model", "model_id", "id"),)

    id: Mapped[Key]
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"))
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    decided_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    evidence: Mapped[JsonObject]
    at: Mapped[Moment]


class GoldenSetRecord(Base):
    """Questions with known right documents, imported or accepted by a person; never trained on."""

    __tablename__ = "golden_sets"
    __table_args__ = (UniqueConstraint("collection_id", "name"),)

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    origin: Mapped[str] = mapped_column(String(20))
    margin: Mapped[float] = mapped_column(Float)
    created_at: Mapped[Moment]


class GoldenQuestionRecord(Base):
    """One question of a golden set; ``judgments`` is a list of ``[external_id, grade]``."""

    __tablename__ = "golden_questions"
    __table_args__ = (UniqueConstraint("set_id", "question_key"),)

    id: Mapped[Key]
    set_id: Mapped[str] = mapped_column(ForeignKey("golden_sets.id", ondelete="CASCADE"))
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[Digest]
    judgments: Mapped[JsonList]
    rating_id: Mapped[Ref | None]
    accepted_by: Mapped[str | None] = mapped_column(String(200))


class EvaluationRecord(Base):
    """What a model reached on a golden set, or on a collection's own votes, against another model."""

    __tablename__ = "evaluations"
    __table_args__ = (Index("ix_evaluations_model", "model_id", "id"),)

    id: Mapped[Key]
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"))
    against_id: Mapped[Ref | None]
    set_id: Mapped[str | None] = mapped_column(ForeignKey("golden_sets.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    questions: Mapped[int]
    figures: Mapped[JsonObject]
    passed: Mapped[bool | None]
    at: Mapped[Moment]


class ExperimentRecord(Base):
    """A live comparison of two models; a collection has one of each method at a time.

    ``looks`` are the decisions so far, each with its figures; ``rule`` is what was fixed before the start.
    ``purpose`` is ``trial``, ``watch`` (the old version against the promoted one) or ``aa``."""

    __tablename__ = "experiments"
    __table_args__ = (
        Index("ix_experiments_collection", "collection_id", "state", "id"),
        Index(
            "uq_experiments_running",
            "collection_id",
            "method",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    method: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    control_id: Mapped[Ref]
    treatment_id: Mapped[Ref]
    share: Mapped[float] = mapped_column(Float)
    state: Mapped[str] = mapped_column(String(20))
    decision: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[JsonObject]
    power: Mapped[JsonObject]
    looks: Mapped[JsonList]
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class ExperimentVoteRecord(Base):
    """What one rating of an interleaved list says: its gain for the treatment, and the place (from 1) where
    the list showed what is rated, None where it was shown elsewhere. Gone when the rating is."""

    __tablename__ = "experiment_votes"
    __table_args__ = (Index("ix_experiment_votes_experiment", "experiment_id", "at"),)

    rating_id: Mapped[str] = mapped_column(ForeignKey("ratings.id", ondelete="CASCADE"), primary_key=True)
    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    user_id: Mapped[Ref]
    question_key: Mapped[Digest]
    verdict: Mapped[str] = mapped_column(String(10))
    gain: Mapped[float] = mapped_column(Float)
    place: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[Moment]
