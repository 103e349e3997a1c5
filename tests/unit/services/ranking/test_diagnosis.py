"""Fits gone wrong are recognised and named."""

from __future__ import annotations

import numpy as np

from src.services.ranking.adapter import (
    AdapterFit,
    AdapterSettings,
    FoldCurve,
    QueryAdapter,
    fit_query_adapter,
)
from src.services.ranking.diagnosis import (
    adapter_collapse,
    adapter_findings,
    data_findings,
    ranker_findings,
    ranking_collapse,
)
from src.services.ranking.examples import Batch
from src.services.ranking.linear import RankWeights, fit_rank_weights


def curve(*ndcg: float) -> FoldCurve:
    losses = tuple(1.0 / (epoch + 1) for epoch in range(len(ndcg) - 1))
    return FoldCurve(ndcg, losses, int(np.argmax(ndcg)))


def fit_of(*curves: FoldCurve) -> AdapterFit:
    return AdapterFit(QueryAdapter(np.zeros((24, 24), np.float32)), np.zeros((0, 24), np.float32), curves)


def test_a_curve_that_falls_is_over_training(planted) -> None:
    examples = planted(30).examples
    findings = adapter_findings(
        fit_of(curve(0.5, 0.55, 0.53, 0.5), curve(0.5, 0.51), curve(0.5, 0.52)), examples
    )
    assert [finding.code for finding in findings] == ["over_trained"]
    assert "0.050" in findings[0].detail
    assert not findings[0].fatal


def test_training_much_too_hard_is_recognised_on_real_curves(planted) -> None:
    data = planted(150, shuffled=True)
    settings = AdapterSettings(step=3e-2, penalty=0.0, patience=40)
    codes = {
        finding.code
        for finding in adapter_findings(
            fit_query_adapter(data.examples, data.passages, settings=settings), data.examples
        )
    }
    assert "over_trained" in codes


def test_curves_that_never_rise_say_that_nothing_was_learned(planted) -> None:
    findings = adapter_findings(fit_of(*[curve(0.5, 0.5, 0.499)] * 3), planted(30).examples)
    assert [finding.code for finding in findings] == ["learned_nothing"]


def test_too_few_votes_are_named_with_the_number_that_is_needed() -> None:
    assert [f.detail for f in data_findings(60, 50, 250)] == [
        "A query adapter needs 250 questions with an up-vote; there are 60."
    ]
    assert data_findings(400, 50, 250) == ()


def test_weights_that_explode_must_not_be_used(planted) -> None:
    data = planted(60)
    batch = Batch.of(data.examples)
    fit = fit_rank_weights(batch, data.names)
    assert not any(finding.fatal for finding in ranker_findings(fit, batch, data.examples))
    for factor in (1e4, np.nan):
        weights = RankWeights(data.names, np.zeros(3), np.ones(3), np.array([factor, 1.0, 0.0]))
        broken = type(fit)(weights, fit.strength, fit.curve, fit.base_loss, fit.sharpness, fit.out_of_fold)
        findings = [finding for finding in ranker_findings(broken, batch, data.examples) if finding.fatal]
        assert [finding.code for finding in findings] == ["exploded"]


def test_an_adapter_that_makes_all_questions_alike_has_collapsed(planted) -> None:
    data = planted(60)
    size = data.passages.shape[1]
    away = np.zeros((size, size), np.float32)
    assert adapter_collapse(QueryAdapter(away), data.examples) is None
    # Everything but one direction is taken away.
    direction = np.abs(np.random.default_rng(1).normal(size=size)).astype(np.float32)
    examples = [type(e)(**{**e.__dict__, "vector": np.abs(e.vector)}) for e in data.examples]
    alike = np.outer(np.ones(size), direction).astype(np.float32) * 10
    finding = adapter_collapse(QueryAdapter(alike), examples)
    assert finding is not None
    assert finding.fatal


def test_one_passage_leading_most_rankings_is_a_collapse() -> None:
    before = [f"p{n}" for n in range(40)]
    finding = ranking_collapse(["p3"] * 30 + before[:10], before)
    assert finding is not None
    assert "31 of 40" in finding.detail
    assert ranking_collapse(before, before) is None
    assert ranking_collapse(["p3"] * 30, ["p3"] * 30) is None
