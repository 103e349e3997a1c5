"""Rank weights: what is learned from judged lists, and what is not."""

from __future__ import annotations

import numpy as np

from src.services.ranking.examples import Batch, folds_of, ndcg
from src.services.ranking.linear import fit_rank_weights


def test_a_feature_that_votes_reward_gets_the_weight(planted, first_ranked) -> None:
    data, fresh = planted(150), planted(150, seed=1)
    fit = fit_rank_weights(Batch.of(data.examples), data.names)
    weights = dict(zip(fit.weights.names, fit.weights.weights, strict=True))
    assert weights["signal"] > 5 * abs(weights["noise"])
    assert weights["constant"] == 0.0
    before = first_ranked(fresh.examples, [e.fused for e in fresh.examples])
    after = first_ranked(fresh.examples, [fit.weights.score(e.fused, e.features) for e in fresh.examples])
    assert after > before


def test_without_a_signal_the_default_fusion_stays(planted) -> None:
    data = planted(150, signal=0.0)
    fit = fit_rank_weights(Batch.of(data.examples), data.names)
    assert np.abs(fit.weights.weights).max() < 0.02


def test_a_weight_that_may_only_rise_is_zero_where_the_votes_speak_against_it(planted) -> None:
    data = planted(150, signal=-1.0)
    free = fit_rank_weights(Batch.of(data.examples), data.names)
    bounded = fit_rank_weights(Batch.of(data.examples), data.names, increasing=["signal"])
    assert free.weights.weights[0] < 0
    assert bounded.weights.weights[0] == 0


def test_the_same_votes_give_the_same_bits(planted) -> None:
    data = planted(60)
    one, two = (fit_rank_weights(Batch.of(data.examples), data.names, seed=3) for _ in range(2))
    assert one.weights.weights.tobytes() == two.weights.weights.tobytes()
    assert one.curve == two.curve


def test_cross_fitted_scores_come_from_weights_that_never_saw_the_list(planted) -> None:
    data = planted(40, shuffled=True, signal=0.0)
    batch = Batch.of(data.examples)
    fit = fit_rank_weights(batch, data.names, strengths=(0.1,))
    seen = ndcg(fit.weights.score(batch.fused, batch.features), batch.target, batch.present).mean()
    unseen = ndcg(fit.out_of_fold, batch.target, batch.present).mean()
    assert unseen < seen


def test_a_question_stays_on_one_side_of_a_split() -> None:
    groups = np.repeat(np.arange(20), 3)
    folds = folds_of(groups, 5, seed=1)
    assert all(len(set(folds[groups == group])) == 1 for group in range(20))
    assert set(folds) == set(range(5))


def test_twins_are_judged_by_weights_that_saw_neither_of_them(planted) -> None:
    twins = [twin for example in planted(40).examples for twin in (example, example)]
    fit = fit_rank_weights(Batch.of(twins), planted(1).names)
    assert np.array_equal(fit.out_of_fold[::2], fit.out_of_fold[1::2])


def test_ndcg_counts_every_preferred_candidate() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    target = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    present = np.ones((2, 3), bool)
    first, second = ndcg(scores, target, present)
    assert first == 1.0
    assert second == (1 / np.log2(3) + 0.5) / (1 + 1 / np.log2(3))
