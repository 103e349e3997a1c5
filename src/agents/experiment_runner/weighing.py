"""A ranking made by hand: the live one, with other weights of words and exact names beside meaning."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from src.core.errors import ConflictError
from src.core.messages.experiments import Weights
from src.core.messages.models import ModelState
from src.core.ports import Blobs
from src.database.models import ModelRecord
from src.database.uow import UnitOfWork
from src.services import registry
from src.services.ranking.artefact import load, save
from src.services.ranking.memory import MemorySettings
from src.services.ranking.ranker import FusionWeights, Ranker

KIND = "weights"


@dataclass(frozen=True)
class Weighing:
    """Makes models of weights that a person names; all else they have of the live model."""

    blobs: Blobs

    def made(self, work: UnitOfWork, live: ModelRecord, wanted: Weights, *, by: str) -> ModelRecord:
        """A candidate in a unit of work that holds the collection. Raises ConflictError where nothing is
        indexed yet, ArtefactError or NotFoundError where the live model's file cannot be used."""
        index = work.indexes.live(live.collection_id)
        if index is None:
            raise ConflictError("Nothing is indexed in this collection yet, so there is nothing to rank.")
        ranker = Ranker(memory=MemorySettings())
        if live.artefact is not None:
            ranker = load(
                self.blobs.get(live.artefact),
                embedding_version=index.embedding_version,
                dimensions=index.dimensions,
                sha256=live.artefact,
            )
        fusion = FusionWeights(**wanted.model_dump())
        artefact = save(replace(ranker, fusion=fusion), embedding_version=index.embedding_version)
        return registry.register(
            work,
            live.collection_id,
            kind=KIND,
            state=ModelState.CANDIDATE.value,
            card={
                "summary": f"As version {live.version}, with words at {wanted.lexical:g} and exact names at "
                f"{wanted.identifier:g} beside meaning.",
                "fusion": asdict(fusion),
            },
            by=by,
            reason=f"Made by {by} to be compared with version {live.version}.",
            parent_id=live.id,
            artefact=self.blobs.put(artefact.content),
            embedding_version=live.embedding_version,
            cutting=live.cutting,
        )
