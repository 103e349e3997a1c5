"""Retrieval quality through the product's own search against a plain computation of the same fusion."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from src.core.messages.collections import CreateCollection
from src.core.messages.documents import ImportDocuments
from src.core.messages.questions import Search
from src.core.passages import CONFIGURED
from src.database.models import DocumentRecord, PassageRecord
from src.services.ranking.identifiers import identifiers_of, share_found
from src.services.ranking.ranker import FusionWeights

from .house import BenchHouse, house
from .table import SHARED, Row, Table, scratch

SETS = {
    "cosqa": 0.585,
    "conala": 0.718,
    "scifact": 0.729,
    "quantum_se": 0.608,
    "feedbackqa": 0.617,
    "mtrag": 0.743,
}
"""The sets, with the figures of the same fusion on other queries of theirs, for orientation."""

MOST_QUERIES = 300


@dataclass(frozen=True)
class LabelledSet:
    """Documents, queries, and which documents answer which query, with grades."""

    documents: list[dict[str, str]]
    queries: dict[str, str]
    labels: dict[str, dict[str, float]]


def run() -> Table:
    """nDCG@10 of documents, each ranked by its best passage."""
    rows = []
    for name, elsewhere in SETS.items():
        labelled = read(name)
        with scratch() as data_dir, house(data_dir) as bench:
            collection = _fill(bench, labelled)
            product = ndcg(labelled, {q: _search(bench, collection, t) for q, t in labelled.queries.items()})
            plain = ndcg(labelled, _plain(bench, collection, labelled))
        rows.append(
            Row(
                f"{name} ({len(labelled.queries)} queries)",
                f"nDCG@10 {product:.4f}",
                f"plain computation {plain:.4f}; other queries of the set {elsewhere:.3f}",
                product / plain,
                f"within 0.005 (here {product - plain:+.4f})",
            )
        )
    return Table(
        "Retrieval quality",
        "Imported through the API's own request, searched through the product's own search. The plain "
        "computation scores every passage exactly: cosine + 0.25 BM25 / best BM25 + 0.1 identifiers.",
        tuple(rows),
    )


def read(name: str) -> LabelledSet:
    folder = SHARED / name
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    labels: dict[str, dict[str, float]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        labels[query][document] = float(grade)
    every = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    chosen = [q for q in every if labels.get(q["id"])]
    step = max(1, len(chosen) // MOST_QUERIES)
    queries = {q["id"]: q["text"] for q in chosen[::step][:MOST_QUERIES]}
    return LabelledSet(documents, queries, labels)


def ndcg(labelled: LabelledSet, rankings: dict[str, list[str]]) -> float:
    """Mean nDCG@10 with graded gains (Järvelin and Kekäläinen, 2002)."""
    total = 0.0
    for query, ranking in rankings.items():
        grades = labelled.labels[query]
        gained = sum(grades.get(d, 0.0) / math.log2(r + 2) for r, d in enumerate(ranking[:10]))
        best = sum(g / math.log2(r + 2) for r, g in enumerate(sorted(grades.values(), reverse=True)[:10]))
        total += gained / best
    return total / len(rankings)


def _fill(bench: BenchHouse, labelled: LabelledSet) -> str:
    collection = bench.ask(CreateCollection(name="labelled")).id
    lines = [
        json.dumps({"external_id": d["id"], "title": d.get("title") or "", "text": d["text"]})
        for d in labelled.documents
    ]
    added = bench.ask(ImportDocuments(collection_id=collection, body="\n".join(lines).encode()))
    if added.rejected:
        raise RuntimeError(f"{len(added.rejected)} lines were rejected, the first: {added.rejected[0]}")
    bench.finish(added.job_id)
    return collection


def _search(bench: BenchHouse, collection: str, query: str) -> list[str]:
    hits = bench.ask(Search(query=query[:4000], collection_ids=(collection,), k=50)).hits
    return list(dict.fromkeys(hit.external_id for hit in hits))


def _plain(bench: BenchHouse, collection: str, labelled: LabelledSet) -> dict[str, list[str]]:
    """The same fusion over all passages, without candidate lists, bounds, folding or an approximate index."""
    adapters, database = bench.application.adapters, bench.application.database
    weights = FusionWeights()
    with database.read() as work:
        index = work.indexes.live(collection)
        assert index is not None
        passages: list[PassageRecord] = list(work.passages.live_after(collection, CONFIGURED, "", 10**6))
        documents: dict[str, DocumentRecord] = {
            d.id: d for d in work.documents.some({p.document_id for p in passages})
        }
        keys, matrix = work.searching.vectors([p.id for p in passages], adapters.embedder.version)
        found = work.searching.candidates(keys)
    by_id = {passage.id: passage for passage in passages}
    passages = [by_id[key] for key in keys]
    position = {key: n for n, key in enumerate(keys)}
    names = [documents[p.document_id].external_id for p in passages]
    rankings = {}
    for query, text in labelled.queries.items():
        scores = matrix @ adapters.embedder.embed_query(text)
        lexical = adapters.lexical.search(index.id, text, len(passages))
        best = max((hit.score for hit in lexical), default=0.0) or 1.0
        for hit in lexical:
            scores[position[hit.passage_id]] += weights.lexical * hit.score / best
        identifiers = identifiers_of(text)
        if identifiers:
            for passage in passages:
                scores[position[passage.id]] += weights.identifier * share_found(
                    identifiers, found[passage.id].words
                )
        order = np.argsort(-scores)[:200]
        rankings[query] = list(dict.fromkeys(names[n] for n in order))
    return rankings
