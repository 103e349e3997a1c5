"""The ranker: one score from every part, and each part by name."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.ranking.adapter import QueryAdapter
from src.services.ranking.features import Candidate, FeatureExtractor, QuestionPool
from src.services.ranking.linear import RankWeights
from src.services.ranking.memory import MemorySettings, QueryMemory, Remembered
from src.services.ranking.ranker import ADAPTED, HELPED, Ranker
from src.services.ranking.signals import standard_features
from src.services.ranking.words import PassageWords, Question
from src.services.text.analyser import Analyser

EXTRACTOR = FeatureExtractor(standard_features())
PASSAGES = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], np.float32)
VECTOR = np.array([0.6, 0.8], np.float32)
KEYS = ("k0", "k1", "k2")


@pytest.fixture(scope="module")
def pool() -> QuestionPool:
    analyser = Analyser()
    texts = ("def save_file(x): pass", "open the file with load_all", "nothing of the kind")
    scores = zip(texts, (PASSAGES @ VECTOR).tolist(), (2.0, 4.0, 0.0), strict=True)
    candidates = [
        Candidate(f"p{n}", PassageWords.of(analyser, title="", text=text), dense, lexical)
        for n, (text, dense, lexical) in enumerate(scores)
    ]
    return QuestionPool(Question.of(analyser, "how does load_all open a file"), candidates)


def weights(**by_name: float) -> RankWeights:
    names = tuple(
        name.replace("_", " ") if name.startswith(("helped", "adapted")) else name for name in by_name
    )
    return RankWeights(names, np.zeros(len(names)), np.ones(len(names)), np.array(list(by_name.values())))


def by_id(ranked) -> dict:
    return {item.passage_id: item for item in ranked}


def test_nothing_learned_is_the_default_fusion(pool: QuestionPool) -> None:
    found = by_id(Ranker().rank(pool, EXTRACTOR))
    assert found["p1"].score == pytest.approx(0.96 + 0.25 + 0.1)
    assert found["p0"].score == pytest.approx(0.6 + 0.25 * 2 / 4)
    assert found["p2"].score == pytest.approx(0.8)
    assert found["p1"].parts == pytest.approx({"meaning": 0.96, "words": 0.25, "names": 0.1})


def test_without_any_word_found_only_meaning_and_names_count(pool: QuestionPool) -> None:
    silent = [Candidate(c.passage_id, c.words, c.dense, 0.0) for c in pool.candidates]
    found = by_id(Ranker().rank(QuestionPool(pool.question, silent), EXTRACTOR))
    assert found["p2"].parts["words"] == 0.0


def test_memory_lifts_what_helped_a_near_question_and_says_which(pool: QuestionPool) -> None:
    memory = QueryMemory(
        [Remembered("earlier", VECTOR, "k2", 1.0), Remembered("earlier", VECTOR, "k1", -1.0)]
    )
    ranker = Ranker(memory=MemorySettings(lift=0.1, drop=0.05))
    found = by_id(ranker.rank(pool, EXTRACTOR, vector=VECTOR, passage_keys=KEYS, memory=memory))
    assert found["p2"].parts["memory"] == pytest.approx(0.1)
    assert found["p2"].helped_by is not None
    assert found["p2"].helped_by.question_id == "earlier"
    assert found["p1"].parts["down-votes"] == pytest.approx(-0.05)
    assert found["p1"].harmed_by is not None
    assert found["p0"].helped_by is found["p0"].harmed_by is None


def test_learned_weights_add_to_the_fixed_lift(pool: QuestionPool) -> None:
    memory = QueryMemory([Remembered("earlier", VECTOR, "k2", 1.0)])
    ranker = Ranker(memory=MemorySettings(), weights=weights(helped_before=0.4))
    found = by_id(ranker.rank(pool, EXTRACTOR, vector=VECTOR, passage_keys=KEYS, memory=memory))
    assert found["p2"].parts["memory"] == pytest.approx(0.1)
    assert found["p2"].parts[HELPED] - found["p0"].parts[HELPED] == pytest.approx(0.4)
    assert found["p2"].helped_by is not None


def test_an_adapter_counts_by_how_much_it_changes_the_cosine(pool: QuestionPool) -> None:
    adapter = QueryAdapter(np.array([[0.5, 0.0], [0.0, 0.0]], np.float32))
    ranker = Ranker(weights=weights(adapted_cosine=2.0), adapter=adapter)
    found = by_id(ranker.rank(pool, EXTRACTOR, vector=VECTOR, passages=PASSAGES))
    moved = adapter.apply(VECTOR)
    expected = 2.0 * ((PASSAGES[0] - PASSAGES[2]) @ (moved - VECTOR))
    assert found["p0"].parts[ADAPTED] - found["p2"].parts[ADAPTED] == pytest.approx(expected, abs=1e-6)


def test_the_parts_of_every_passage_add_up_to_its_score(pool: QuestionPool) -> None:
    memory = QueryMemory([Remembered("earlier", VECTOR, "k2", 1.0)])
    learned = weights(length=0.1, coverage=0.3, helped_before=0.2)
    ranker = Ranker(memory=MemorySettings(), weights=learned)
    for item in ranker.rank(pool, EXTRACTOR, vector=VECTOR, passage_keys=KEYS, memory=memory):
        assert sum(item.parts.values()) == pytest.approx(item.score)


def test_a_part_whose_input_is_missing_stays_silent(pool: QuestionPool) -> None:
    adapter = QueryAdapter(np.eye(2, dtype=np.float32))
    ranker = Ranker(
        memory=MemorySettings(), weights=weights(helped_before=0.2, adapted_cosine=2.0), adapter=adapter
    )
    plain = [item.score for item in Ranker().rank(pool, EXTRACTOR)]
    assert [item.score for item in ranker.rank(pool, EXTRACTOR)] == pytest.approx(plain)


def test_equal_scores_are_ordered_by_passage_id(pool: QuestionPool) -> None:
    first = pool.candidates[0]
    twins = [Candidate(name, first.words, 0.5, 1.0) for name in ("b", "a", "c")]
    ranked = Ranker().rank(QuestionPool(pool.question, twins), EXTRACTOR)
    assert [item.passage_id for item in ranked] == ["a", "b", "c"]


def test_an_empty_pool_gives_an_empty_ranking(pool: QuestionPool) -> None:
    ranker = Ranker(memory=MemorySettings(), weights=weights(length=0.1))
    empty = QuestionPool(pool.question, [])
    assert ranker.rank(empty, EXTRACTOR, vector=VECTOR, passage_keys=(), memory=QueryMemory()) == []


def test_an_adapter_without_its_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="adapter"):
        Ranker(adapter=QueryAdapter(np.eye(2, dtype=np.float32)))
    with pytest.raises(ValueError, match="adapter"):
        Ranker(weights=weights(adapted_cosine=1.0))
