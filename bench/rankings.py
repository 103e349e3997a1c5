"""Rankings of labelled sets by the default fusion and by variants of it, from scores of all passages."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.core.ports import LexicalEntry
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.evaluation.metrics import ndcg
from src.services.lexical.embedded import EmbeddedLexicalIndex
from src.services.ranking.identifiers import identifiers_of, share_found
from src.services.text.analyser import Analyser

from .table import MODELS, SHARED

Matrix = NDArray[np.float32]
Rankings = list[list[str]]

MOST = 600
DEPTH = 50


class ScoredSet:
    """A set with every score of every passage for up to 600 of its queries; the others may train."""

    def __init__(self, name: str, folder: Path) -> None:
        source = SHARED / name
        documents = [json.loads(line) for line in (source / "corpus.jsonl").read_text().splitlines()]
        labels: dict[str, dict[str, float]] = defaultdict(dict)
        for line in (source / "qrels.tsv").read_text().splitlines()[1:]:
            query, document, grade = line.split("\t")
            if float(grade) > 0:
                labels[query][document] = float(grade)
        queries = [json.loads(line) for line in (source / "queries.jsonl").read_text().splitlines()]
        queries = [query for query in queries if query["id"] in labels]
        step = max(1, len(queries) // MOST)
        asked = queries[::step][:MOST]
        chosen = {query["id"] for query in asked}
        self._training = [query for query in queries if query["id"] not in chosen]
        self._labels = labels
        self.names = [document["id"] for document in documents]
        self.relevant = [labels[query["id"]] for query in asked]
        texts = [f"{d.get('title') or ''}\n{d['text']}".strip() for d in documents]
        self._embedder = OnnxEmbedder(find_model(), threads=2, precision="int8", cache_dir=MODELS)
        self._passages = self._embedder.embed_passages(texts)
        self._queries = np.stack([self._embedder.embed_query(query["text"][:4000]) for query in asked])
        self._dense = self._queries @ self._passages.T
        self._lexical = self._bm25(folder / name, documents, asked)
        self._identifiers = np.array(
            [
                [share_found(wanted, text) if wanted else 0.0 for text in texts]
                for wanted in map(_names, asked)
            ],
            dtype=np.float32,
        )

    def fused(
        self, *, lexical: float = 0.25, identifiers: float = 0.1, dense: Matrix | None = None
    ) -> Rankings:
        """The first fifty by cosine + ``lexical`` BM25 / best BM25 + ``identifiers`` share."""
        scores = self._dense if dense is None else dense
        scores = scores + lexical * self._lexical + identifiers * self._identifiers
        order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
        return [[self.names[n] for n in row] for row in order]

    def adapted(self, *, labels: int, shuffled: bool, ridge: float, strength: float) -> Rankings:
        """The fusion with queries moved by a linear map fitted to ``labels`` other queries (ridge regression
        from a query's vector to its passage's), right or shuffled."""
        rng = np.random.default_rng(0)
        chosen = [self._training[n] for n in rng.permutation(len(self._training))[:labels]]
        position = {name: n for n, name in enumerate(self.names)}
        answers = np.array([position[next(iter(self._labels[query["id"]]))] for query in chosen])
        if shuffled:
            answers = rng.permutation(answers)
        known = np.stack([self._embedder.embed_query(query["text"][:4000]) for query in chosen])
        moves = self._passages[answers] - known
        mapping = np.linalg.solve(known.T @ known + ridge * np.eye(known.shape[1]), known.T @ moves)
        moved = self._queries + strength * self._queries @ mapping
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        return self.fused(dense=(moved @ self._passages.T).astype(np.float32))

    def change(self, control: Rankings, treatment: Rankings) -> float:
        """Mean difference in nDCG@10."""
        pairs = zip(control, treatment, self.relevant, strict=True)
        return float(np.mean([ndcg(new, labels) - ndcg(old, labels) for old, new, labels in pairs]))

    def _bm25(self, folder: Path, documents: list[dict[str, str]], asked: list[dict[str, str]]) -> Matrix:
        index = EmbeddedLexicalIndex(folder, Analyser())
        index.create("set")
        index.upsert(
            "set", [LexicalEntry(str(n), d.get("title") or "", d["text"]) for n, d in enumerate(documents)]
        )
        scores = np.zeros((len(asked), len(documents)), dtype=np.float32)
        for row, query in enumerate(asked):
            hits = index.search("set", query["text"][:4000], len(documents))
            for hit in hits:
                scores[row, int(hit.passage_id)] = hit.score / hits[0].score
        index.close()
        return scores


def _names(query: dict[str, str]) -> frozenset[str]:
    return identifiers_of(query["text"])
