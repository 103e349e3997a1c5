"""Collections of any size, quickly: real texts of the standard library, vectors moved a little.

Embedding 100,000 texts would take a quarter of an hour; what a search costs depends on how many vectors
and words there are, not on where they came from. So a few thousand passages are embedded, and the others
get the vector of one of these with noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.agents.ingestion.intake import Incoming, receive
from src.agents.ingestion.passages import rows
from src.core.clock import new_id
from src.core.messages.collections import CreateCollection
from src.core.messages.documents import IngestDocuments
from src.core.passages import PassageDraft
from src.core.ports import SourceFile, Vectors
from src.database.models import DocumentRecord
from src.services.indexing import IndexedPassage, IndexWriter
from src.services.sources.stdlib import stdlib_source

from .house import BenchHouse

EMBEDDED = 2_000
DOCUMENT = 50
NOISE = 0.03


@dataclass(frozen=True)
class Crowd:
    """Passages to draw from, and a vector for each of the first ``EMBEDDED``."""

    drafts: tuple[PassageDraft, ...]
    vectors: Vectors


def gather(bench: BenchHouse) -> Crowd:
    """Parse the standard library, and embed some of it."""
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
    step = max(1, len(drafts) // EMBEDDED)
    chosen = drafts[::step][:EMBEDDED]
    vectors = adapters.embedder.embed_passages([draft.text for draft in chosen])
    return Crowd(tuple(drafts), vectors)


def fill(bench: BenchHouse, crowd: Crowd, size: int) -> str:
    """A collection with ``size`` passages, in SQL and in both indexes; returns its id."""
    collection = bench.ask(CreateCollection(name=f"{size} passages")).id
    adapters, database = bench.application.adapters, bench.application.database
    writer = IndexWriter(adapters.vectors, adapters.lexical, adapters.embedders)
    with database.read() as work:
        live = work.indexes.live(collection)
    assert live is not None
    chance = np.random.default_rng(size)
    for start in range(0, size, 2_000):
        documents: list[tuple[DocumentRecord, list[PassageDraft]]] = []
        with database.begin() as work:
            job = work.enqueue(IngestDocuments(collection_id=collection), collection_id=collection)
            job.state = "cancelled"
            for first in range(start, min(start + 2_000, size), DOCUMENT):
                (document,) = receive(work, collection, job.id, [_incoming(first)])
                wanted = range(first, min(first + DOCUMENT, size))
                documents.append((document, [_draft(crowd, number) for number in wanted]))
            work.session.flush()
            added: list[IndexedPassage] = []
            fresh: dict[str, Vectors] = {}
            for document, drafts in documents:
                version = new_id()
                made = rows(document, tuple(drafts), version)
                for row in made:
                    row["live"] = True
                    row["embedding_key"] = new_id()
                    vector = _vector(crowd, chance)
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


def _draft(crowd: Crowd, number: int) -> PassageDraft:
    """The draft with this number; beyond the real ones they come again, each with a word of its own."""
    draft = crowd.drafts[number % len(crowd.drafts)]
    if number < len(crowd.drafts):
        return draft
    return PassageDraft(
        kind=draft.kind,
        text=f"{draft.text}\n# copy {number}",
        location=draft.location,
        context=draft.context,
        symbol=draft.symbol,
    )


def _vector(crowd: Crowd, chance: np.random.Generator) -> Vectors:
    base = crowd.vectors[chance.integers(len(crowd.vectors))]
    moved = base + chance.normal(0.0, NOISE, base.shape).astype(np.float32)
    unit: Vectors = (moved / np.linalg.norm(moved)).astype(np.float32)
    return unit


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
