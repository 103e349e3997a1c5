"""Ingestion of the standard library against embedding the same passages and nothing else."""

from __future__ import annotations

import time

from sqlalchemy import select

from src.core.messages.collections import CreateCollection
from src.core.messages.documents import DocumentState, ListDocuments
from src.core.messages.sources import AddSource
from src.core.passages import CONFIGURED
from src.core.ports import Embedder
from src.database.models import DocumentRecord, PassageRecord
from src.services.indexing.texts import embedded_text
from src.services.sources.stdlib import stdlib_source

from .house import BenchHouse, house
from .table import Row, Table, peak_mib, scratch

EMBED_AT_ONCE = 256
SAMPLED = 4
"""The floor embeds every fourth text: its rate is the same, and the run is minutes shorter."""


def run() -> Table:
    """Ingest, then embed the distinct texts of the passages with a session of the same settings."""
    with scratch() as data_dir, house(data_dir) as bench:
        passages, seconds = _ingest(bench)
        peak = peak_mib()
        texts = _texts(bench)
        sample = texts[::SAMPLED]
        floor_rate = len(sample) / _embed(bench, sample)
    rate = len(texts) / seconds
    return Table(
        "Ingestion",
        f"The interpreter's standard library: {passages} passages, {len(texts)} distinct texts.",
        (
            Row(
                "distinct passages a second, from the request to the last indexed document",
                f"{rate:.0f}/s ({seconds:.0f} s)",
                f"embedding every {SAMPLED}th of the same passages and nothing else: {floor_rate:.0f}/s",
                rate / floor_rate,
                "at least 0.85",
            ),
            Row("peak memory of the server", f"{peak:.0f} MiB"),
        ),
    )


def _ingest(bench: BenchHouse) -> tuple[int, float]:
    spec = stdlib_source()
    collection = bench.ask(CreateCollection(name="Python standard library"))
    started = time.perf_counter()
    added = bench.ask(
        AddSource(
            collection_id=collection.id,
            kind=spec.kind,
            location=spec.location,
            include=spec.include,
            exclude=spec.exclude,
        )
    )
    bench.finish(added.job_id)
    seconds = time.perf_counter() - started
    failed = bench.ask(ListDocuments(collection_id=collection.id, state=DocumentState.FAILED)).items
    if failed:
        raise RuntimeError(f"{len(failed)} documents failed, the first: {failed[0].error}")
    with bench.application.database.read() as work:
        return len(work.passages.live_ids(collection.id, CONFIGURED)), seconds


def _texts(bench: BenchHouse) -> list[str]:
    with bench.application.database.read() as work:
        rows = work.session.execute(
            select(PassageRecord, DocumentRecord).join(
                DocumentRecord, DocumentRecord.id == PassageRecord.document_id
            )
        )
        texts: dict[str, str] = {}
        for row in rows:
            texts.setdefault(
                row.PassageRecord.embedding_key, embedded_text(row.DocumentRecord, row.PassageRecord)
            )
    return list(texts.values())


def _embed(bench: BenchHouse, texts: list[str]) -> float:
    embedder = embedder_of(bench)
    started = time.perf_counter()
    for start in range(0, len(texts), EMBED_AT_ONCE):
        embedder.embed_passages(texts[start : start + EMBED_AT_ONCE])
    return time.perf_counter() - started


def embedder_of(bench: BenchHouse) -> Embedder:
    """The application's own embedder: the same session for the product and for the floor."""
    return bench.application.adapters.embedder
