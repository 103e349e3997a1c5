"""How high the inputs of a graph's dense layers go, measured on a few texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from .bert import INPUT
from .quantization import Floats
from .sessions import open_session

# The outlier channels of an encoder are the same for every text, so a handful of different kinds is enough.
SAMPLES = (
    "How do I read a file line by line in Python?",
    "def connect(host: str, port: int = 5432) -> Connection:\n"
    '    """Open a connection and return it."""\n'
    "    return Connection(host, port)",
    "The quarterly report shows that revenue rose by 12% while costs stayed flat, says the finance team.",
    "SELECT name, count(*) FROM users WHERE created_at > '2024-01-01' GROUP BY name;",
    "for (int i = 0; i < n; ++i) { sum += values[i]; }",
    "error: cannot open /etc/app.conf: Permission denied (errno 13)",
    "Photosynthesis converts light energy into chemical energy that is stored in glucose.",
)


def measure_peaks(graph: Path, inputs: Mapping[str, str], texts: Iterable[list[int]]) -> dict[str, Floats]:
    """The largest magnitude in each channel of each layer's input.

    ``inputs`` names, for each layer, the output of ``graph`` that is its input, shape (n, channels);
    ``texts`` are word pieces.
    """
    session = open_session(graph, fused=True)
    outputs = list(dict.fromkeys(inputs.values()))
    peaks: dict[str, Floats] = {}
    for tokens in texts:
        values = session.run(outputs, {INPUT: np.array(tokens, np.int64)})
        for output, value in zip(outputs, values, strict=True):
            peak = np.abs(value).max(axis=0)
            peaks[output] = np.maximum(peaks[output], peak) if output in peaks else peak
    return {layer: peaks[output] for layer, output in inputs.items()}
