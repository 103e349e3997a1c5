"""Dense layers of a graph: in float, or in int8 with the outlier channels levelled first.

A dynamic int8 product spreads 256 steps over the whole range of its input. BERT has a few channels whose
peaks are five to ten times those of all others, so a plain quantisation spends nearly all steps on them.
Two rewritings, exact before rounding, lower these peaks:

* the input of attention and of the feed-forward layer is a layer norm's output: its high channels are
  divided and their rows of weights multiplied by the same (Xiao et al. 2023, SmoothQuant);
* behind the activation, where the outlier neurons have large weights too, such a neuron is computed in
  several copies, each divided by their number, with the same weights (Zhao et al. 2019, outlier channel
  splitting).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .graphs import GraphWriter

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

# All chosen by agreement with the float graph, on processors of two generations: docs/adr/0003.
_LEVELLING = 0.65
_SPLIT_QUANTILE = 0.99
_SPLIT_TOLERANCE = 1.5
_LANES = 4
_STEEPEST = 256
# Below 127, because processors without VNNI add pairs of products in 16 bits, which then overflow.
_STEPS = 112


@dataclass(frozen=True)
class Layer:
    """``x @ weights + bias``, with ``weights`` of the shape (inputs, outputs). ``copies`` says for each input
    how many equal inputs share its part; None where every input is the only one."""

    name: str
    weights: Floats
    bias: Floats
    copies: Integers | None = None


class Dense(Protocol):
    """How a graph computes a layer."""

    def apply(self, writer: GraphWriter, x: str, layer: Layer) -> str:
        """Add the layer behind ``x`` and return its output."""

    def copies(self, name: str, channels: int) -> Integers:
        """How often each of the ``channels`` inputs of layer ``name`` is to be computed."""


class FloatDense:
    """Dense layers in float32. Remembers the input of each, so that it can be looked at."""

    def __init__(self) -> None:
        self.inputs: dict[str, str] = {}

    def apply(self, writer: GraphWriter, x: str, layer: Layer) -> str:
        name = layer.name
        self.inputs[name] = x
        weights = writer.tensor(f"{name}.weights", layer.weights)
        return writer.node("Gemm", [x, weights, writer.tensor(f"{name}.bias", layer.bias)], name)

    def copies(self, name: str, channels: int) -> Integers:
        return np.ones(channels, np.int64)


class Int8Dense:
    """Dense layers with int8 weights, one scale for each output, and inputs quantised as they come.

    ``peaks`` holds the largest magnitude seen in each input channel of each layer.
    """

    def __init__(self, peaks: Mapping[str, Floats]) -> None:
        self._peaks = peaks

    def apply(self, writer: GraphWriter, x: str, layer: Layer) -> str:
        name, weights = layer.name, layer.weights
        if layer.copies is None:
            divisors = levels(self._peaks[name])
            weights = weights * divisors[:, None]
        else:
            divisors = layer.copies.astype(np.float32)
        if divisors.max() > 1:
            x = writer.node("Mul", [x, writer.tensor(f"{name}.levels", 1 / divisors)], f"{name}.levelled")
        scales = np.maximum(np.abs(weights).max(axis=0) / _STEPS, np.finfo(np.float32).tiny)
        operands = [
            writer.tensor(f"{name}.weights", np.rint(weights / scales).astype(np.int8)),
            writer.tensor(f"{name}.scales", scales),
            writer.tensor(f"{name}.zeros", np.zeros(len(scales), np.int8)),
            writer.tensor(f"{name}.bias", layer.bias),
        ]
        return writer.fused("DynamicQuantizeMatMul", [x, *operands], name)

    def copies(self, name: str, channels: int) -> Integers:
        return splits(self._peaks[name])


def levels(peaks: Floats) -> Floats:
    """What each channel is divided by, so that peaks above the median come nearer to it; at least 1."""
    usual = _usual(peaks, 0.5)
    divisors: Floats = (np.maximum(1, peaks / usual) ** _LEVELLING).astype(np.float32)
    return divisors


def splits(peaks: Floats) -> Integers:
    """How many copies of each channel keep every peak near those of nearly all channels.

    The total is a multiple of four: the integer kernels multiply four inputs at a time.
    """
    usual = _usual(peaks, _SPLIT_QUANTILE) * _SPLIT_TOLERANCE
    copies: Integers = np.maximum(1, np.ceil(peaks / usual)).astype(np.int64)
    while copies.sum() % _LANES:
        copies[np.argmax(peaks / copies)] += 1
    return copies


def _usual(peaks: Floats, quantile: float) -> float:
    """The peak at ``quantile``, kept off zero for layers most of whose channels are silent."""
    return max(float(np.quantile(peaks, quantile)), float(peaks.max()) / _STEEPEST) or 1.0
