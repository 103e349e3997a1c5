"""The ladder: which rungs a number of votes carries, and what a fit reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from src.services.ranking.artefact import save
from src.services.ranking.examples import Example
from src.services.ranking.memory import MemorySettings
from src.services.ranking.ranker import ADAPTED, HELPED
from src.services.ranking.training import REACHES, LadderSettings, fit_ranker, memory_of


def test_a_few_votes_make_a_memory_and_nothing_else(planted) -> None:
    data = planted(20)
    fit = fit_ranker(data.examples, data.passages, data.names)
    assert fit.ranker.memory == LadderSettings().memory
    assert fit.ranker.weights is None
    assert [finding.code for finding in fit.findings] == ["too_little_data", "too_little_data"]
    assert "20" in fit.findings[0].detail


def test_more_votes_make_rank_weights_and_many_an_adapter(planted) -> None:
    some, many = planted(120), planted(300, turned=True)
    weights = fit_ranker(some.examples, some.passages, some.names).ranker
    everything = fit_ranker(many.examples, many.passages, many.names).ranker
    assert weights.weights.names == (*some.names, HELPED)
    assert weights.adapter is None
    assert everything.weights.names == (*many.names, HELPED, ADAPTED)
    assert everything.adapter is not None


def test_the_cross_fitted_gain_shows_what_was_learned(planted) -> None:
    data = planted(150)
    fit = fit_ranker(data.examples, data.passages, data.names)
    assert np.mean(fit.cross_fitted_ndcg) > np.mean(fit.base_ndcg) + 0.02
    assert len(fit.cross_fitted_ndcg) == len(fit.base_ndcg) == fit.questions == 150


def test_votes_at_random_promise_no_gain(planted) -> None:
    data = planted(150, shuffled=True, signal=0.0)
    fit = fit_ranker(data.examples, data.passages, data.names)
    assert np.mean(fit.cross_fitted_ndcg) < np.mean(fit.base_ndcg) + 0.02


def test_the_same_votes_give_the_same_file(planted) -> None:
    data = planted(260, turned=True)
    one, two = (
        save(fit_ranker(data.examples, data.passages, data.names, seed=4).ranker, embedding_version="v")
        for _ in range(2)
    )
    assert one.sha256 == two.sha256


def test_repeated_questions_teach_how_much_memory_is_worth(planted) -> None:
    data = planted(120, signal=0.0)
    near = [replace(e, group=e.group + 1000) for e in data.examples]
    repeated = fit_ranker([*data.examples, *near], data.passages, data.names).ranker.weights
    alone = fit_ranker(data.examples, data.passages, data.names).ranker.weights
    assert repeated.weights[repeated.names.index(HELPED)] > 0.02
    assert alone.weights[alone.names.index(HELPED)] < 0.01


def test_a_question_of_down_votes_is_remembered_but_trains_no_weights(planted) -> None:
    data = planted(30)
    down = [replace(e, ups={}, downs=e.ups) for e in data.examples]
    fit = fit_ranker(down, data.passages, data.names)
    assert fit.questions == 0
    recall = memory_of(down).recall(down[0].vector, down[0].keys, MemorySettings())
    assert recall.harmed.max() > 0


def test_opposite_votes_on_one_passage_lean_to_the_up_vote(planted) -> None:
    example = replace(planted(1).examples[0], ups={"0": 1.0}, downs={"0": 1.0})
    assert example.preference("0") == 0.5
    assert replace(example, downs={"0": 2.0}).target.sum() == 0


def test_thresholds_of_the_ladder_can_be_set(planted) -> None:
    data = planted(40)
    settings = LadderSettings(weights_from=30, adapter_from=35)
    assert fit_ranker(data.examples, data.passages, data.names, settings=settings).ranker.adapter is not None


def test_a_fit_tells_seen_questions_from_unseen_ones(planted) -> None:
    data = planted(60)
    twins = [replace(e, group=e.group + 1000) for e in data.examples[:10]]
    fit = fit_ranker([*data.examples, *twins], data.passages, data.names)
    assert fit.seen == (True,) * 10 + (False,) * 50 + (True,) * 10


def test_weights_that_send_one_passage_to_the_top_everywhere_are_not_usable(planted) -> None:
    data = planted(80, signal=0.0)
    everywhere = "999"
    hostile = [
        replace(
            e,
            keys=(*e.keys, everywhere),
            rows=np.append(e.rows, 0),
            features=np.vstack([e.features * [0, 1, 1], [1.0, 0.0, 1.0]]),
            dense=np.append(e.dense, 0.0),
            fused=np.append(e.fused, 0.0),
            ups={everywhere: 1.0},
        )
        for e in data.examples
    ]
    fit = fit_ranker(hostile, data.passages, data.names)
    assert not fit.usable
    assert "collapsed" in {finding.code for finding in fit.findings}


def in_twos(data, *, alike: bool, cosine: float = 0.801) -> list[Example]:
    """Each question with a second one at this cosine, about the same passage or (not ``alike``) about one
    that another question likes too."""
    rng = np.random.default_rng(5)
    found = []
    for one in data.examples:
        aside = rng.normal(size=one.vector.shape)
        aside -= (aside @ one.vector) * one.vector
        near = cosine * one.vector + np.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside)
        twin = replace(one, group=1000 + one.group, vector=near.astype(np.float32))
        if not alike:
            other = next(key for key in one.keys if key not in one.ups)
            twin = replace(twin, ups={other: 1.0})
        found += [one, twin]
    return found


@pytest.mark.parametrize(("cosine", "threshold"), [(0.701, 0.7), (0.601, 0.6)])
def test_memory_reaches_as_far_as_questions_that_want_the_same(planted, cosine, threshold) -> None:
    data = planted(120, signal=0.0)
    pairs = in_twos(data, alike=True, cosine=cosine)
    fit = fit_ranker(pairs, data.passages, data.names)
    assert fit.ranker.memory is not None
    assert fit.ranker.memory in REACHES
    assert fit.ranker.memory.threshold <= threshold
    narrow = fit_ranker(pairs, data.passages, data.names, settings=LadderSettings(reaches=()))
    assert np.mean(fit.cross_fitted_ndcg) > np.mean(narrow.cross_fitted_ndcg)


@pytest.mark.parametrize("cosine", [0.801, 0.701, 0.601])
def test_memory_ends_before_questions_worded_alike_that_want_something_else(planted, cosine) -> None:
    data = planted(120, signal=0.0)
    fit = fit_ranker(in_twos(data, alike=False, cosine=cosine), data.passages, data.names)
    assert fit.ranker.memory is not None
    assert fit.ranker.memory.threshold > cosine or fit.ranker.memory == LadderSettings().memory


def test_memory_stays_near_while_few_questions_have_shown_whether_it_harms(planted) -> None:
    data = planted(70, signal=0.0)
    pairs = in_twos(data, alike=True)
    assert fit_ranker(pairs, data.passages, data.names).ranker.memory == LadderSettings().memory
    earlier = fit_ranker(pairs, data.passages, data.names, settings=LadderSettings(reach_from=30))
    assert earlier.ranker.memory in REACHES
