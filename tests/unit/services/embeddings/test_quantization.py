"""Levelling of outlier channels before they are rounded to int8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from hypothesis import given
from hypothesis import strategies as st

from src.services.embeddings.graphs import GraphWriter
from src.services.embeddings.quantization import Floats, Int8Dense, Integers, Layer, levels, splits

PEAKS = st.lists(st.floats(0, 1000, width=32), min_size=4, max_size=200)


@given(PEAKS)
def test_levels_never_raise_a_channel_and_leave_the_usual_ones_alone(values: list[float]) -> None:
    peaks = np.array(values, np.float32)
    divisors = levels(peaks)
    assert (divisors >= 1).all()
    assert (divisors[peaks <= np.median(peaks)] == 1).all()


@given(PEAKS)
def test_splits_keep_every_channel_and_fill_whole_lanes(values: list[float]) -> None:
    peaks = np.array(values, np.float32)
    copies = splits(peaks)
    assert (copies >= 1).all()
    assert copies.sum() % 4 == 0
    usual = max(np.quantile(peaks, 0.99), peaks.max() / 256)
    assert (peaks / copies).max() <= usual * 1.5 * (1 + 1e-6)


def product(folder: Path, x: Floats, weights: Floats, peaks: Floats, copies: Integers | None) -> Floats:
    """``x @ weights`` by an int8 layer."""
    dense, bias = Int8Dense({"layer": peaks}), np.zeros(weights.shape[1], np.float32)
    with GraphWriter(folder) as writer:
        rows = writer.node("Gather", [writer.tensor("stored", x), "numbers"], "rows", axis=0)
        output = dense.apply(writer, rows, Layer("layer", weights, bias, copies))
        path = writer.save("layer", {"numbers": ["n"]}, [output])
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    result: Floats = session.run([output], {"numbers": np.arange(len(x), dtype=np.int64)})[0]
    return result


def outlying(channels: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, channels)).astype(np.float32)
    x[3, 7] = 60
    return x, random.normal(size=(channels, 24)).astype(np.float32)


def error(got: Floats, x: Floats, weights: Floats) -> float:
    usual = np.delete(got - x @ weights, 3, axis=0)
    return float(np.sqrt((usual**2).mean()))


def test_levelling_and_splitting_shrink_the_rounding_error_of_an_outlier(tmp_path: Path) -> None:
    x, weights = outlying(64)
    peaks = np.abs(x).max(axis=0)
    plain = error(product(tmp_path, x, weights, np.ones_like(peaks), None), x, weights)
    levelled = error(product(tmp_path, x, weights, peaks, None), x, weights)
    copies = splits(np.append(peaks, np.full(200, np.median(peaks), np.float32)))[:64]
    wide = np.repeat(np.arange(64), copies)
    split = error(product(tmp_path, x[:, wide], weights[wide], peaks, copies[wide]), x, weights)
    assert copies[7] > 10
    assert levelled < plain * 0.6
    assert split < plain * 0.6
