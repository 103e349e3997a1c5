"""The query adapter: what it learns, and that it repeats itself to the bit."""

from __future__ import annotations

import numpy as np

from src.services.ranking.adapter import AdapterSettings, QueryAdapter, fit_query_adapter


def dense_scores(examples, passages, adapter: QueryAdapter) -> list[np.ndarray]:
    return [passages[e.rows] @ adapter.apply(e.vector) for e in examples]


def test_questions_turned_away_from_their_passages_are_turned_back(planted, first_ranked) -> None:
    everything = planted(500, turned=True)
    learned, fresh = everything.examples[:400], everything.examples[400:]
    fit = fit_query_adapter(learned, everything.passages, settings=AdapterSettings(step=2e-3))
    before = first_ranked(fresh, [e.dense for e in fresh])
    after = first_ranked(fresh, dense_scores(fresh, everything.passages, fit.adapter))
    assert after > before + 0.05
    assert all(curve.best_epoch > 0 for curve in fit.curves)
    assert all(curve.loss[-1] < curve.loss[0] for curve in fit.curves)


def test_votes_at_random_leave_the_questions_nearly_where_they_are(planted, first_ranked) -> None:
    data = planted(200, shuffled=True)
    fit = fit_query_adapter(data.examples, data.passages)
    truth = planted(200).examples
    before = first_ranked(truth, [e.dense for e in truth])
    assert first_ranked(truth, dense_scores(truth, data.passages, fit.adapter)) > before - 0.06


def test_the_same_seed_gives_the_same_bits_and_another_does_not(planted) -> None:
    data, settings = planted(200, turned=True), AdapterSettings(step=2e-3)
    one, two, other = (
        fit_query_adapter(data.examples, data.passages, settings=settings, seed=seed).adapter.residual
        for seed in (5, 5, 6)
    )
    assert one.tobytes() == two.tobytes()
    assert one.tobytes() != other.tobytes()


def test_out_of_fold_vectors_are_unit_and_not_those_of_the_mean(planted) -> None:
    data = planted(120, turned=True)
    fit = fit_query_adapter(data.examples, data.passages, settings=AdapterSettings(step=2e-3))
    vectors = np.stack([e.vector for e in data.examples])
    assert np.allclose(np.linalg.norm(fit.out_of_fold, axis=1), 1.0, atol=1e-5)
    assert not np.allclose(fit.out_of_fold, fit.adapter.apply(vectors), atol=1e-4)


def test_twins_are_turned_by_an_adapter_that_saw_neither_of_them(planted) -> None:
    data = planted(40, turned=True)
    twins = [twin for example in data.examples for twin in (example, example)]
    fit = fit_query_adapter(twins, data.passages)
    assert np.array_equal(fit.out_of_fold[::2], fit.out_of_fold[1::2])


def test_an_untrained_adapter_changes_nothing() -> None:
    vector = np.array([0.6, 0.8], np.float32)
    assert np.allclose(QueryAdapter(np.zeros((2, 2), np.float32)).apply(vector), vector)
