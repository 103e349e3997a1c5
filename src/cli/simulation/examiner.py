"""How well the questions that are never asked are answered by one model or another."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from statistics import median
from typing import Any

from src.cli.client import Client
from src.services.evaluation.bootstrap import paired_bootstrap
from src.services.evaluation.metrics import RankingScores, evaluate

from .labelled import Question
from .pace import tracked

DEPTH = 10
_PASSAGES = 30
"""Asked for, since a document may have several passages, and the first ten documents count."""


@dataclass(frozen=True)
class Change:
    """Mean change of nDCG@10 on ``questions`` questions, with the paired bootstrap interval of 95 %."""

    questions: int
    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Examined:
    """Figures of one model on every question that is never asked. ``median_ms`` is of its searches."""

    scores: RankingScores
    median_ms: float

    def change(self, base: Examined, only: Collection[str] | None = None) -> Change | None:
        """Against ``base``; of some of the questions, None where there are none."""
        kept = frozenset(self.scores.queries if only is None else only)
        new, old = self.scores.only(kept).ndcg, base.scores.only(kept).ndcg
        if not new.size:
            return None
        found = paired_bootstrap(new, old)
        return Change(found.n, found.mean, found.lower, found.upper)


class Examiner:
    """Asks as somebody who takes no part: a replay is in no experiment, and is not recorded."""

    def __init__(
        self, client: Client, collection_id: str, questions: Sequence[Question], threads: Executor
    ) -> None:
        self._client = client
        self._collection_id = collection_id
        self._questions = questions
        self._threads = threads

    def examine(self, model_id: str | None, title: str) -> Examined:
        """Every question through the whole search. ``model_id`` is None where the collection has no model
        yet, and so no experiment either."""
        found = tracked(
            self._threads.map(lambda question: self._search(question, model_id), self._questions),
            title,
            total=len(self._questions),
        )
        rankings = {question.id: ranked for question, (ranked, _) in zip(self._questions, found, strict=True)}
        labels = {question.id: question.labels for question in self._questions}
        return Examined(evaluate(rankings, labels, DEPTH), median(took_ms for _, took_ms in found))

    def _search(self, question: Question, model_id: str | None) -> tuple[list[str], float]:
        body: dict[str, Any] = {
            "query": question.text,
            "collection_ids": [self._collection_id],
            "k": _PASSAGES,
        }
        if model_id is not None:
            body["model_id"] = model_id
        started = time.perf_counter()
        hits = self._client.post("/search", body)["hits"]
        return [hit["external_id"] for hit in hits], (time.perf_counter() - started) * 1000
