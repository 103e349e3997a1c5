"""Score fusion, and the bounds by which only contenders are scored in full."""

from __future__ import annotations

import numpy as np
import pytest

from src.agents.retrieval.fusion import fuse
from src.agents.retrieval.pool import Pool
from src.core.ports import Scored
from src.services.ranking.ranker import FusionWeights

DEFAULT = FusionWeights()


def test_the_default_is_cosine_and_a_quarter_of_relative_bm25_and_a_tenth_of_identifiers() -> None:
    ranked = fuse(
        ["a", "b", "c"],
        dense={"a": 0.5, "b": 0.6, "c": 0.4},
        lexical={"a": 8.0, "b": 4.0},
        identifiers={"a": 0.5, "b": 0.0, "c": 1.0},
        weights=DEFAULT,
    )
    assert [item.passage_id for item in ranked] == ["a", "b", "c"]
    assert [item.fused for item in ranked] == pytest.approx([0.5 + 0.25 + 0.05, 0.6 + 0.125, 0.4 + 0.1])
    assert (ranked[0].dense, ranked[0].lexical, ranked[0].identifier) == (0.5, 8.0, 0.5)
    assert ranked[2].lexical == 0.0


def test_without_a_known_word_the_cosine_decides_and_no_bm25_is_claimed() -> None:
    ranked = fuse(["a", "b"], {"a": 0.1, "b": 0.2}, {}, {}, DEFAULT)
    assert [item.passage_id for item in ranked] == ["b", "a"]
    assert [(item.lexical, item.identifier) for item in ranked] == [(None, None)] * 2


def test_without_vectors_the_words_decide() -> None:
    ranked = fuse(["a", "b"], {}, {"a": 1.0, "b": 2.0}, {}, DEFAULT)
    assert [item.passage_id for item in ranked] == ["b", "a"]
    assert [item.dense for item in ranked] == [None, None]


def test_equal_scores_are_ordered_by_id_so_that_a_ranking_can_be_repeated() -> None:
    scores = dict.fromkeys(["c", "a", "b"], 0.5)
    assert [item.passage_id for item in fuse(scores, scores, {}, {}, DEFAULT)] == ["a", "b", "c"]


def test_weights_of_nothing_leave_the_cosine() -> None:
    ranked = fuse(["a", "b"], {"a": 0.3, "b": 0.2}, {"b": 9.0}, {"b": 1.0}, FusionWeights(0.0, 0.0))
    assert [item.fused for item in ranked] == [0.3, 0.2]


@pytest.mark.parametrize("seed", range(20))
def test_the_contenders_hold_the_first_of_a_full_computation(seed: int) -> None:
    """Two lists of 30 from 400 passages, completed for contenders only, rank as if all were scored."""
    random = np.random.default_rng(seed)
    keys = [f"p{number:03d}" for number in range(400)]
    dense = dict(zip(keys, random.normal(0.2, 0.15, 400).tolist(), strict=True))
    words = np.maximum(0, random.normal(0, 4, 400) + 8 * np.array(list(dense.values())))
    lexical = {key: float(score) for key, score in zip(keys, words, strict=True) if score > 0}
    shares = dict(zip(keys, random.choice([0.0, 0.5, 1.0], 400).tolist(), strict=True))
    wanted, depth = 12, 30

    pool = Pool()
    pool.add_dense("index", _first(dense, depth), depth)
    pool.add_lexical("index", _first(lexical, depth), depth)
    union = set(pool.index_of)
    contenders = pool.contenders(DEFAULT, wanted, identifiers=True)
    pool.dense.update({key: dense[key] for key in contenders})
    pool.lexical.update({key: lexical[key] for key in contenders if key in lexical})
    ranked = fuse(contenders, pool.dense, pool.lexical, shares, DEFAULT)[:wanted]

    full = fuse(union, dense, lexical, shares, DEFAULT)[:wanted]
    assert [item.passage_id for item in ranked] == [item.passage_id for item in full]
    assert [item.fused for item in ranked] == pytest.approx([item.fused for item in full])
    assert len(contenders) <= len(union)


def _first(scores: dict[str, float], depth: int) -> list[Scored]:
    best = sorted(scores.items(), key=lambda item: -item[1])[:depth]
    return [Scored(key, score) for key, score in best]
