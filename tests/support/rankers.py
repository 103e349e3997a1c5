"""Ranking models with an artefact that a search really ranks with."""

from __future__ import annotations

import numpy as np

from src.bootstrap import Application
from src.database.models import ModelRecord
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
