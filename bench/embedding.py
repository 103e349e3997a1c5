"""Embedding in int8 against float32: speed at three lengths, a query's wait, agreement, memory."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.core.ports import Embedder
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.sources.stdlib import stdlib_folder

from .table import MODELS, SHARED, Row, Table, peak_mib, quantiles, timed_ms

THREADS = 2
LENGTHS = {30: 96, 120: 32, 250: 16}
ROUNDS = 4
QUERIES = 60
PASSAGES = 600
NEAREST = 10


def run() -> Table:
    """Measure both precisions in turns, so that other load meets both alike."""
    MODELS.mkdir(parents=True, exist_ok=True)
    fast = _embedder("int8")
    started_mib = peak_mib()
    words = _words()
    waits = _query_rows(fast, words)
    fast.embed_passages([" ".join(words[n : n + 150]) for n in range(0, 30_000, 150)])
    peak = peak_mib()
    exact = _embedder("float32")
    rows = [*_speed_rows(fast, exact, words), *waits, *_agreement_rows(fast, exact)]
    rows.append(Row("peak memory of the process, int8", f"{peak:.0f} MiB", f"opened: {started_mib:.0f} MiB"))
    for embedder in (fast, exact):
        embedder.close()
    return Table(
        "Embedding",
        f"all-MiniLM-L6-v2, {THREADS} threads, `{fast.version}` against the same weights in float32.",
        tuple(rows),
    )


def _embedder(precision: str) -> OnnxEmbedder:
    return OnnxEmbedder(find_model(), threads=THREADS, precision=precision, cache_dir=MODELS)


def _words() -> list[str]:
    """Words of real code."""
    files = [stdlib_folder() / name for name in ("argparse.py", "inspect.py", "tarfile.py", "typing.py")]
    return " ".join(file.read_text(encoding="utf-8") for file in files).split()


def _texts(embedder: Embedder, words: Sequence[str], tokens: int, count: int) -> list[str]:
    """``count`` different texts of about ``tokens`` word pieces."""
    texts: list[str] = []
    start = 0
    while len(texts) < count:
        length = tokens // 8
        while embedder.count_tokens([" ".join(words[start : start + length])])[0] < tokens:
            length += 1
        texts.append(" ".join(words[start : start + length]))
        start += length
    return texts


def _speed_rows(fast: Embedder, exact: Embedder, words: Sequence[str]) -> Iterator[Row]:
    for tokens, count in LENGTHS.items():
        texts = _texts(fast, words, tokens, count)
        times: dict[Embedder, list[float]] = {fast: [], exact: []}
        for _ in range(ROUNDS):
            for embedder, taken in times.items():
                taken.append(timed_ms(partial(embedder.embed_passages, texts)))
        rate, floor = (1000 * count / min(times[embedder]) for embedder in (fast, exact))
        yield Row(
            f"passages of {tokens} tokens a second", f"{rate:.0f}/s", f"float32: {floor:.0f}/s", rate / floor
        )


def _query_rows(embedder: Embedder, words: Sequence[str]) -> list[Row]:
    idle, idle_slow = quantiles(_waits(embedder, words, 0))
    with _ingesting(embedder, words):
        busy, busy_slow = quantiles(_waits(embedder, words, QUERIES))
    return [
        Row("a query of a dozen words, p50 / p95", f"{idle:.1f} / {idle_slow:.1f} ms"),
        Row(
            "the same while passages are embedded",
            f"{busy:.1f} / {busy_slow:.1f} ms",
            f"idle: {idle:.1f} ms",
            busy / idle,
        ),
    ]


def _waits(embedder: Embedder, words: Sequence[str], first: int) -> list[float]:
    """Times of queries that were not asked before, with pauses as people make."""
    times = []
    for number in range(first, first + QUERIES):
        query = " ".join(words[12 * number : 12 * number + 12])
        times.append(timed_ms(partial(embedder.embed_query, query)))
        time.sleep(0.01)
    return times


@contextmanager
def _ingesting(embedder: Embedder, words: Sequence[str]) -> Iterator[None]:
    passages = [" ".join(words[n : n + 80]) for n in range(0, 1280, 80)]
    enough = threading.Event()

    def ingest() -> None:
        while not enough.is_set():
            embedder.embed_passages(passages)

    thread = threading.Thread(target=ingest)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def _agreement_rows(fast: Embedder, exact: Embedder) -> Iterator[Row]:
    """Cosines of both vectors of a text, and how many of the ten nearest are the same."""
    for name in ("cosqa", "conala"):
        folder = SHARED / name
        if not folder.is_dir():
            continue
        passages, queries = _lines(folder / "corpus.jsonl", PASSAGES), _lines(folder / "queries.jsonl", 200)
        both, nearest = [], []
        for embed in (fast.embed_passages, exact.embed_passages):
            vectors, asked = embed(passages), embed(queries)
            both.append(np.vstack([vectors, asked]))
            nearest.append(np.argsort(-(asked @ vectors.T), axis=1)[:, :NEAREST].astype(np.int64))
        agreement = (both[0] * both[1]).sum(axis=1)
        shared = _shared(nearest[0], nearest[1])
        yield Row(
            f"cosine to the float32 vector, {name}, mean / least",
            f"{agreement.mean():.4f} / {agreement.min():.4f}",
        )
        yield Row(f"same among the ten nearest, {name}", f"{shared:.3f}", "float32: 1", shared)


def _shared(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) / NEAREST for a, b in pairs]))


def _lines(path: Path, count: int) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line, _ in zip(file, range(count), strict=False)]
