"""Collections of any size: the texts of the standard library, each with the vector of its own.

What a search costs depends on how far the two indexes agree, so that a passage's vector must be that of its
text. The library has fewer passages than the largest collection: beyond them stand mixtures, each half of one
passage and half of another with the mean of their vectors, so that no two are nearly the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from src.agents.ingestion.intake import Incoming, receive
from src.core.clock import new_id
from src.core.messages.collections import CreateCollection
from src.core.messages.documents import IngestDocuments
from src.core.passages import CONFIGURED, PassageDraft
from src.core.ports import SourceFile, Vectors
from src.database.models import DocumentRecord
from src.services.indexing import Cuts, IndexedPassage, IndexWriter
from src.services.indexing.passages import rows
from src.services.sources.stdlib import stdlib_source

from .house import BenchHouse

DOCUMENT = 50
BATCH = 2_000
STRIDE = 7919


@dataclass(frozen=True)
class Crowd:
    """Passages to draw from, and the file with their vectors, a row each."""

    drafts: tuple[PassageDraft, ...]
    vectors: Path


def gather(bench: BenchHouse, folder: Path) -> Crowd:
    """Parse the standard library and embed it, which takes minutes; the vectors are kept in ``folder``."""
    adapters = bench.application.adapters
    spec = stdlib_source()
    listing = adapters.readers[spec.kind].changes(
        spec, source_id="crowd", since=None, report=lambda text: None
    )
    files: list[SourceFile] = list(listing.files)
    drafts: list[PassageDraft] = []
    contents = [(file.read(), file.path, None) for file in files]
    for parsed in adapters.parser.parse_many(contents):
        if isinstance(parsed, Exception):
            raise parsed
        drafts.extend(parsed.drafts)
    path = folder / "crowd.npy"
    shape = (len(drafts), adapters.embedder.dimensions)
    vectors = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    for start in range(0, len(drafts), BATCH):
        texts = [draft.text for draft in drafts[start : start + BATCH]]
        vectors[start : start + BATCH] = adapters.embedder.embed_passages(texts)
    vectors.flush()
    return Crowd(tuple(drafts), path)


def fill(bench: BenchHouse, crowd: Crowd, size: int) -> str:
    """A collection with ``size`` passages, in SQL and in both indexes; returns its id."""
    collection = bench.ask(CreateCollection(name=f"{size} passages")).id
    adapters, database = bench.application.adapters, bench.application.database
    cuts = Cuts(bench.application.database, adapters.blobs, adapters.parser)
    writer = IndexWriter(adapters.vectors, adapters.lexical, adapters.embedders, cuts)
    with database.read() as work:
        live = work.indexes.live(collection)
    assert live is not None
    known: Vectors = np.load(crowd.vectors, mmap_mode="r")
    for start in range(0, size, BATCH):
        documents: list[tuple[DocumentRecord, list[tuple[PassageDraft, Vectors]]]] = []
        with database.begin() as work:
            job = work.enqueue(IngestDocuments(collection_id=collection), collection_id=collection)
            job.state = "cancelled"
            for first in range(start, min(start + BATCH, size), DOCUMENT):
                (document,) = receive(work, collection, job.id, [_incoming(first)])
                wanted = range(first, min(first + DOCUMENT, size))
                documents.append((document, [_passage(crowd, known, number) for number in wanted]))
            work.session.flush()
            added: list[IndexedPassage] = []
            fresh: dict[str, Vectors] = {}
            for document, passages in documents:
                version = new_id()
                made = rows(document, tuple(draft for draft, _ in passages), version, CONFIGURED)
                for row, (_, vector) in zip(made, passages, strict=True):
                    row["live"] = True
                    row["embedding_key"] = new_id()
                    fresh[row["embedding_key"]] = vector
                    added.append(
                        IndexedPassage(row["id"], f"{document.title} {row['symbol']}", row["text"], vector)
                    )
                work.passages.add_all(made)
                document.version = document.live_version = version
                document.live_hash, document.state = document.content_hash, "indexed"
                document.passage_count = len(made)
            work.vectors.add(fresh, adapters.embedder.version)
            work.commit()
        writer.add([live.id], added)
    return collection


def _incoming(number: int) -> Incoming:
    name = f"part{number}.py"
    return Incoming(external_id=name, title=name, digest=f"{number:064x}", size=1, path=name)


def _passage(crowd: Crowd, known: Vectors, number: int) -> tuple[PassageDraft, Vectors]:
    """The draft with this number and its vector."""
    own, vector = crowd.drafts[number % len(known)], known[number % len(known)]
    if number < len(known):
        return own, np.array(vector)
    # In each round through the library with another half.
    other = (number * STRIDE + number // len(known)) % len(known)
    lines, more = own.text.splitlines(), crowd.drafts[other].text.splitlines()
    text = "\n".join([*lines[: -(-len(lines) // 2)], *more[len(more) // 2 :]])
    mean = vector + known[other]
    return replace(own, text=text), (mean / np.linalg.norm(mean)).astype(np.float32)


def questions(bench: BenchHouse, crowd: Crowd, count: int) -> list[str]:
    """Questions about the passages: the first sentences of docstrings, each different."""
    found: dict[str, None] = {}
    for draft in crowd.drafts:
        sentence = str(draft.attributes.get("docstring") or "").strip().split("\n", 1)[0]
        if 30 <= len(sentence) <= 120:
            found.setdefault(f"how to {sentence[0].lower()}{sentence[1:]}", None)
        if len(found) >= count:
            break
    return list(found)
