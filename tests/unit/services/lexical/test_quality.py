"""BM25 on real questions, against figures measured with another implementation of it."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from pathlib import Path

import pytest

from src.core.ports import LexicalEntry
from src.services.lexical.embedded import EmbeddedLexicalIndex
from src.services.text.analyser import Analyser


@pytest.mark.parametrize(("name", "reference"), [("conala", 0.474), ("quantum_se", 0.478)])
def test_ndcg_at_10_is_no_worse_than_the_reference(
    name: str, reference: float, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / name
    lexical = EmbeddedLexicalIndex(tmp_path, Analyser())
    lexical.create("index")
    documents = map(json.loads, (folder / "corpus.jsonl").read_text("utf-8").splitlines())
    lexical.upsert("index", [LexicalEntry(d["id"], d["title"], d["text"]) for d in documents])
    relevant: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            relevant[row["query-id"]][row["corpus-id"]] = int(row["score"])
    gains = []
    for query in map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines()):
        if query["id"] in relevant:
            hits = lexical.search("index", query["text"], 10)
            gains.append(_ndcg([hit.passage_id for hit in hits], relevant[query["id"]]))
    assert sum(gains) / len(gains) >= reference - 0.01


def _ndcg(found: list[str], relevant: dict[str, int]) -> float:
    def discounted(grades: list[int]) -> float:
        return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))

    best = discounted(sorted(relevant.values(), reverse=True)[:10])
    return discounted([relevant.get(passage_id, 0) for passage_id in found]) / best if best else 0.0
