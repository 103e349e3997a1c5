"""Offline gates, live trials and golden sets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from .answering import Variant
from .base import Access, Event, Id, JobSpec, Message, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit


class Method(StrEnum):
    """How a live comparison shows both sides: two rankings mixed into one list, or each way to answer to a
    half of the readers."""

    INTERLEAVING = "interleaving"
    AB = "ab"


class Purpose(StrEnum):
    """Why a comparison runs: to try a candidate, to watch a promoted model against the one before it, or
    to test the comparison itself with two equal sides."""

    TRIAL = "trial"
    WATCH = "watch"
    AA = "aa"


class ExperimentState(StrEnum):
    """Whether a comparison is going on."""

    RUNNING = "running"
    ENDED = "ended"


class Look(Reply):
    """One look at the evidence: how much there was, the mean gain with its interval, and what followed.
    ``done`` counts the looks of the rule so far; ``counted`` is what the votes weigh together."""

    at: datetime
    done: int
    votes: int
    counted: float
    mean: float
    lower: float
    upper: float
    z: float
    critical: float | None
    decision: str
    sentence: str


class ArmPoint(Reply):
    """An arm's rate of approval, with its interval, when both arms together had that many ratings."""

    ratings: int
    rate: float
    lower: float
    upper: float


class Arm(Reply):
    """One side of an A/B comparison: how many ``readers`` were given how many ``answers``, and what those who
    rated them said. ``rate`` is the share of good verdicts, each reader counting once, with its 95 %
    interval; it and the interval are null before the first rating. ``course`` is how it got there.
    ``declined`` answers found too little evidence, ``fell_back`` were quoted because the language model
    failed, ``slow`` took longer than usual."""

    name: str
    model_id: str
    readers: int
    answers: int
    raters: int
    ratings: int
    up: int
    rate: float | None
    lower: float | None
    upper: float | None
    course: tuple[ArmPoint, ...] = ()
    declined: int
    fell_back: int
    slow: int
    median_ms: float | None
    cost_usd: float | None


class SplitCheck(Reply):
    """Whether the arms got their shares of the readers. Where the split is ``broken`` nothing is judged."""

    probability: float
    broken: bool
    sentence: str


class GuardrailState(Reply):
    """What one guardrail says now; ``stop`` ends the comparison."""

    name: str
    stop: bool
    sentence: str


class Experiment(Reply):
    """A live comparison of two models of a collection. ``share`` of the searches, or of the readers where
    ``method`` is `ab`, take part; ``rule`` was fixed before the start, ``power`` says what to expect of it;
    ``progress`` is the state of the evidence now, in a sentence and in figures; lists have it for what is
    running. ``guardrails`` are told where one comparison is asked for, ``arms`` and ``split`` then where it
    is an A/B comparison."""

    id: str
    collection_id: str
    method: Method
    purpose: Purpose
    control_id: str
    treatment_id: str
    control_version: int | None = None
    treatment_version: int | None = None
    share: float
    state: ExperimentState
    decision: str | None
    reason: str | None
    rule: dict[str, Any]
    power: dict[str, Any]
    looks: tuple[Look, ...]
    progress: dict[str, Any] = {}
    arms: tuple[Arm, ...] = ()
    split: SplitCheck | None = None
    guardrails: tuple[GuardrailState, ...] = ()
    started_at: datetime
    ended_at: datetime | None


class ListExperiments(Request[Page[Experiment]]):
    """Experiments of the collections that the caller may read, newest first."""

    capability: ClassVar[str] = "experiment.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    state: ExperimentState | None = None
    limit: Limit = 50
    cursor: Cursor = None


class GetExperiment(Request[Experiment]):
    """One experiment with its looks and the state of its evidence."""

    capability: ClassVar[str] = "experiment.get"
    access: ClassVar[Access] = Access.read(Target.EXPERIMENT, "experiment_id")
    experiment_id: Id


class Weights(Message):
    """What BM25, relative to the question's best, and the share of the question's identifiers that a passage
    holds count beside the cosine."""

    lexical: float = Field(0.25, ge=0, le=4)
    identifier: float = Field(0.1, ge=0, le=4)


class StartExperiment(Request[Experiment]):
    """Compare a model with the live one; without a model, the newest gated one; with `aa`, the live model
    with itself; with `weights`, the live one with these. Rankings are compared on interleaved lists:
    ``share`` is the part of the searches that takes part. Ways to answer are compared by `ab`: ``share`` is
    the part of the readers, and half of them are answered by ``variant``, settings that are laid over the
    live ones, or by an earlier model."""

    capability: ClassVar[str] = "experiment.start"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    model_id: Id | None = None
    method: Method = Method.INTERLEAVING
    variant: Variant | None = None
    weights: Weights | None = None
    aa: bool = False
    share: float = Field(1.0, gt=0, le=1)


class ExperimentPlan(Reply):
    """What a comparison would take: by how many ``votes`` (of rankings) or ratings (of answers) it finds a
    gain of ``effect`` in four trials of five, and how many ``days`` that is at ``per_day``; null where it
    never does. Before there is a day of votes to go by ``per_day`` is 0 and ``days`` null. ``smallest`` is
    the gain that its last look finds as surely."""

    effect: float
    votes: int | None
    days: int | None
    smallest: float
    per_day: float
    sentence: str


class PlanExperiment(Request[ExperimentPlan]):
    """What a comparison would take, without starting it."""

    capability: ClassVar[str] = "experiment.plan"
    access: ClassVar[Access] = Access.read(Target.COLLECTION, "collection_id")
    collection_id: Id
    method: Method = Method.INTERLEAVING
    share: float = Field(1.0, gt=0, le=1)


class StopExperiment(Request[Experiment]):
    """End an experiment now; the live model stays, and what was on trial is put aside."""

    capability: ClassVar[str] = "experiment.stop"
    access: ClassVar[Access] = Access.write(Target.EXPERIMENT, "experiment_id")
    experiment_id: Id
    reason: Text | None = Field(None, max_length=1000)


class GateJob(JobSpec):
    """Prove a candidate offline, through the whole pipeline."""

    kind: ClassVar[str] = "gate"
    model_id: str


class CandidateGated(Event):
    """A candidate passed the offline gate."""

    topic: ClassVar[str] = "candidate.gated.v1"
    model_id: str
    collection_id: str

    def ordering_key(self) -> str | None:
        return self.collection_id


class ExperimentStarted(Event):
    """A live comparison began."""

    topic: ClassVar[str] = "experiment.started.v1"
    experiment_id: str
    collection_id: str
    purpose: Purpose

    def ordering_key(self) -> str | None:
        return self.collection_id


class ExperimentLooked(Event):
    """A look was taken at a live comparison's evidence."""

    topic: ClassVar[str] = "experiment.looked.v1"
    experiment_id: str
    collection_id: str
    votes: int
    decision: str


class ExperimentEnded(Event):
    """A live comparison came to its end."""

    topic: ClassVar[str] = "experiment.ended.v1"
    experiment_id: str
    collection_id: str
    decision: str
    reason: str
    by: str

    def ordering_key(self) -> str | None:
        return self.collection_id
