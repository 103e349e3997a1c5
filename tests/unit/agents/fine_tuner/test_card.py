"""What a model's card tells people."""

from __future__ import annotations

import numpy as np
import pytest

from src.agents.fine_tuner.card import model_card
from src.database.models import DatasetRecord
from src.services.ranking.linear import RankWeights
from src.services.ranking.memory import LEARNED, MemorySettings
from src.services.ranking.ranker import HELPED, FusionWeights, Ranker
from src.services.ranking.training import RankerFit

WEIGHTS = RankWeights((HELPED,), np.zeros(1), np.ones(1), np.array([0.02]))


def summary(ranker: Ranker) -> str:
    dataset = DatasetRecord(id="d", version=1, counts={"taken": 430, "readers": 30})
    card = model_card(
        RankerFit(ranker, 296), dataset, {}, trainer="ladder", embedding_version="e", replaced_votes=0
    )
    return str(card["summary"])


@pytest.mark.parametrize(
    ("memory", "told"),
    [
        (MemorySettings(threshold=0.6), "questions alike by a cosine of 0.6 or more."),
        (LEARNED, "questions alike by a cosine of 0.8 or more, the more the nearer they are."),
    ],
)
def test_a_card_tells_how_far_memory_reaches(memory, told) -> None:
    assert told in summary(Ranker(FusionWeights(), memory, WEIGHTS))


def test_a_card_of_memory_alone_tells_no_reach_that_votes_have_chosen() -> None:
    assert "cosine" not in summary(Ranker(memory=MemorySettings()))
