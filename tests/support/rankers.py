"""Ranking models with an artefact that a search really ranks with."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from src.bootstrap import Application
from src.core.clock import new_id
from src.database.models import EmbeddingRecord, ExperimentRecord, ModelRecord
from src.database.uow import UnitOfWork
from src.services import registry
from src.services.ranking.artefact import save
from src.services.ranking.features import FeatureExtractor
from src.services.ranking.linear import RankWeights
from src.services.ranking.ranker import Ranker
from src.services.ranking.signals import standard_features


def by_cosine(weight: float) -> Ranker:
    """The default fusion with so much more of the cosine; less than -1 turns its order around."""
    names = FeatureExtractor(standard_features()).names
    weights = np.where([name == "cosine" for name in names], weight, 0.0)
    return Ranker(weights=RankWeights(names, np.zeros(len(names)), np.ones(len(names)), weights))


def stored(application: Application, ranker: Ranker) -> str:
    """The digest of the ranker's file."""
    adapters = application.adapters
    return adapters.blobs.put(save(ranker, embedding_version=adapters.embedder.version).content)


def add_candidate(
    application: Application, collection_id: str, ranker: Ranker, *, run_id: str | None = None
) -> ModelRecord:
    """A candidate of the collection, with its file."""
    artefact = stored(application, ranker)
    with application.database.begin() as work:
        live = registry.live_model(work, collection_id)
        record = registry.register(
            work,
            collection_id,
            kind="ranker",
            state="candidate",
            parent_id=live.id,
            run_id=run_id,
            artefact=artefact,
            card={},
            by="agent:fine_tuner",
            reason="Trained on votes.",
        )
        work.commit()
        return record


def add_tuned(application: Application, collection_id: str) -> tuple[str, str]:
    """The id of a gated model that ranks an index of the one known embedding model that is not configured,
    and that one's version."""
    with application.database.begin() as work:
        known = set(work.session.scalars(select(EmbeddingRecord.version)))
        (version,) = known - {application.adapters.embedder.version}
        live = registry.live_model(work, collection_id)
        record = registry.register(
            work,
            collection_id,
            kind=registry.TUNED,
            state="gated",
            parent_id=live.id,
            embedding_version=version,
            card={},
            by="agent:fine_tuner",
            reason="Tuned.",
        )
        work.commit()
        return record.id, version


def put_on_trial(application: Application, control_id: str, treatment_id: str) -> None:
    """Have every search of the collection show both models' lists."""
    with application.database.begin() as work:
        begin_trial(work, control_id, treatment_id)
        work.commit()


def begin_trial(work: UnitOfWork, control_id: str, treatment_id: str) -> None:
    """The same, within a transaction."""
    work.experiments.add(
        ExperimentRecord(
            id=new_id(),
            collection_id=work.models.get(control_id).collection_id,
            method="interleaving",
            purpose="trial",
            control_id=control_id,
            treatment_id=treatment_id,
            share=1.0,
            state="running",
            rule={},
            power={},
            looks=[],
            started_at=work.now(),
        )
    )
