"""Which model ranks which index in one search, and whether the search takes part in an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from src.core.errors import ConflictError, UnavailableError
from src.core.ports import Vectors
from src.database.models import IndexRecord, ModelRecord
from src.database.repositories.searching import LiveIndex
from src.database.uow import Work
from src.services.ranking.memory import QueryMemory
from src.services.ranking.ranker import FusionWeights, Ranker

from .filters import Allowed
from .query import Query


@dataclass(frozen=True)
class Choice:
    """The ranker of one index, with its collection's memory."""

    ranker: Ranker
    memory: QueryMemory

    def suggested(self, vector: Vectors) -> frozenset[str]:
        """The contents that helped questions like this one."""
        settings = self.ranker.memory
        return self.memory.near(vector, settings.threshold) if settings else frozenset()

    def plain(self, vector: Vectors) -> bool:
        """Whether it ranks this question as the default fusion does."""
        settings = self.ranker.memory
        if self.ranker.fusion != FusionWeights():
            return False
        return self.ranker.weights is None and (
            settings is None or not self.memory.concerns(vector, settings.threshold)
        )


Plan = Mapping[str, Choice]
"""By index id."""


@dataclass(frozen=True)
class Trial:
    """The experiment that a search takes part in: its list is interleaved from two plans. ``seed`` gives the
    same reader the same list for the same question. ``treatment`` is None where its model is lost; then the
    control's list is shown. ``indexes`` are those of the treatment where its model ranks another index than
    the live one."""

    experiment_id: str
    seed: str
    treatment: Plan | None
    indexes: Mapping[str, LiveIndex] | None = None


@dataclass(frozen=True)
class Asked:
    """What a search asks, and which model ranks it: all that SQL says before anything is looked for."""

    query: Query
    indexes: Mapping[str, LiveIndex]
    plan: Plan
    trial: Trial | None
    allowed: Allowed

    @property
    def searched(self) -> list[Mapping[str, LiveIndex]]:
        """The indexes that are shown, and those of the model on trial where it ranks others."""
        beside = self.trial.indexes if self.trial is not None else None
        return [self.indexes] if beside is None else [self.indexes, beside]

    @property
    def versions(self) -> list[str]:
        """The embedding versions that the query is wanted in."""
        found = (index.embedding_version for indexes in self.searched for index in indexes.values())
        return list(dict.fromkeys(found))


def forgetful(plan: Plan) -> Plan:
    """The same rankers without what readers' votes left in memory."""
    return {index: Choice(choice.ranker, QueryMemory()) for index, choice in plan.items()}


def trial_of(indexes: Mapping[str, LiveIndex], reader: str, question_key: str) -> LiveIndex | None:
    """The index whose experiment this search takes part in, if any.

    A reader's question always falls on the same side of ``share``. An experiment whose control is not the
    live model any more is over, whatever its record says yet. One search takes part in one experiment.
    """
    for index in indexes.values():
        if index.experiment_id is None or index.experiment_method != "interleaving":
            continue
        if index.control_id != index.model_id or index.treatment_id is None:
            continue
        if index.tried_beside and index.treatment_index is None:
            # The index of the model on trial is not whole yet.
            continue
        share = index.experiment_share or 0.0
        if _fraction(f"{index.experiment_id}:{reader}:{question_key}") < share:
            return index
    return None


def ranked_by(work: Work, model: ModelRecord, live: LiveIndex) -> LiveIndex:
    """The index that a model ranks. Raises ConflictError for a model that does not rank, UnavailableError
    where its index is not whole yet."""
    if model.role != "ranking":
        raise ConflictError(f"Version {model.version} says how to answer; it does not rank.")
    found = work.indexes.ranked_by(model)
    if found is None:
        named = " and ".join(name for name in (model.embedding_version, model.cutting) if name)
        raise UnavailableError(f"Version {model.version} ranks an index of {named}, which is not built.")
    return live if found.id == live.id else in_place_of(live, found)


def in_place_of(live: LiveIndex, other: IndexRecord) -> LiveIndex:
    """Another index of the collection, to be searched in the place of the live one."""
    return replace(
        live,
        id=other.id,
        embedding_version=other.embedding_version,
        cutting=other.cutting,
        dimensions=other.dimensions,
    )


def _fraction(name: str) -> float:
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") / 2**64
