"""What a model's card tells people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from src.agents.fine_tuner.card import model_card
from src.database.models import DatasetRecord
from src.services.ranking.linear import RankWeights
from src.services.ranking.memory import LEARNED, MemorySettings
from src.services.ranking.ranker import HELPED, FusionWeights, Ranker
from src.services.ranking.training import RankerFit

WEIGHTS = RankWeights((HELPED,), np.zeros(1), np.ones(1), np.array([0.02]))


def card_of(ranker: Ranker, *, said: int = 430, readers: int = 30, gone: int = 0) -> dict[str, Any]:
    dataset = DatasetRecord(id="d", version=1, counts={"taken": 430, "of_readers": said, "readers": readers})
    return model_card(
        RankerFit(ranker, 296), dataset, {}, trainer="ladder", embedding_version="e", replaced_votes=gone
    )


def summary(ranker: Ranker) -> str:
    return str(card_of(ranker)["summary"])


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


@pytest.mark.parametrize(
    ("said", "readers", "told"),
    [
        (430, 30, "Learned from 430 votes of 30 readers, on 296 questions"),
        (1, 1, "Learned from 1 vote of 1 reader and 429 that documents brought along, on 296 questions"),
        (0, 0, "Learned from 0 votes of 0 readers and 430 that documents brought along, on 296 questions"),
    ],
)
def test_a_card_tells_readers_votes_from_those_that_came_with_documents(
    said: int, readers: int, told: str
) -> None:
    assert card_of(Ranker(), said=said, readers=readers)["summary"].startswith(told)


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        (1, "1 vote that the live model learned from is gone; this one does not know it."),
        (24, "24 votes that the live model learned from are gone; this one does not know them."),
    ],
)
def test_a_card_says_what_it_forgets(gone: int, told: str) -> None:
    assert card_of(Ranker(), gone=gone)["forgets"] == told
