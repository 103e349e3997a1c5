"""The readers at work: they search, look, vote, and wait for what that sets off."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from src.cli.client import ApiError

from .agenda import Visit
from .habits import SHOWN, Vote, flood
from .labelled import Question
from .people import Reader
from .rest import Rest

ROUND = 10
"""Interactions at a time: few enough that little happens between two of them, as between real readers."""


class Crowd:
    """Carries out visits in rounds: all search, then all vote, then the loop comes to rest. So a run does
    not depend on which thread was first.

    ``votes`` counts them, ``liked`` holds the documents with an up-vote of an honest reader, ``search_ms``
    what each search took as its reader sees it, ``failures`` what was asked for and not given.
    """

    def __init__(
        self, readers: Sequence[Reader], collection_id: str, rest: Rest, threads: Executor, *, seed: int
    ) -> None:
        self._readers = readers
        self._collection_id = collection_id
        self._rest = rest
        self._threads = threads
        self._seed = seed
        self.votes: Counter[str] = Counter()
        self.liked: set[str] = set()
        self.search_ms: list[float] = []
        self.failures: list[str] = []

    def work(self, visits: Sequence[Visit]) -> Iterator[int]:
        """The number of the last interaction, after each round."""
        for start in range(0, len(visits), ROUND):
            batch = visits[start : start + ROUND]
            lists = list(self._threads.map(self._look, batch))
            list(self._threads.map(self._say, batch, lists))
            self._rest.wait()
            yield batch[-1].number

    def flood(self, hostile: Reader, questions: Sequence[Question]) -> None:
        """Votes against the truth on every hit of many questions, as fast as they can be sent."""
        for question in questions:
            shown = self._search(hostile, question)
            for vote in flood(_right(shown, question)):
                self._rate(hostile, shown, vote)
        self._rest.wait()

    def _look(self, visit: Visit) -> dict[str, Any] | None:
        return self._search(self._readers[visit.reader], visit.question)

    def _say(self, visit: Visit, shown: dict[str, Any] | None) -> None:
        reader, right = self._readers[visit.reader], _right(shown, visit.question)
        vote = reader.habits.vote(right, np.random.default_rng([self._seed, visit.number]))
        if vote is None or shown is None:
            self.votes["none"] += 1
        elif self._rate(reader, shown, vote):
            self.votes["up" if vote.up else "down"] += 1
            self.votes["true"] += vote.up == right[vote.place]
            if vote.up and not reader.habits.liar:
                self.liked.add(shown["hits"][vote.place]["external_id"])

    def _search(self, reader: Reader, question: Question) -> dict[str, Any] | None:
        body = {"query": question.text, "collection_ids": [self._collection_id], "k": SHOWN}
        started = time.perf_counter()
        try:
            found: dict[str, Any] = reader.client.post("/search", body)
        except ApiError as error:
            self.failures.append(f"a search failed: {error.detail} ({error.code})")
            return None
        self.search_ms.append((time.perf_counter() - started) * 1000)
        return found

    def _rate(self, reader: Reader, shown: dict[str, Any] | None, vote: Vote) -> bool:
        if shown is None:
            return False
        body = {
            "query_id": shown["query_id"],
            "passage_id": shown["hits"][vote.place]["passage_id"],
            "verdict": "up" if vote.up else "down",
        }
        try:
            reader.client.post("/search-hits/feedback", body)
        except ApiError as error:
            self.failures.append(f"a vote failed: {error.detail} ({error.code})")
            return False
        return True


def _right(shown: dict[str, Any] | None, question: Question) -> list[bool]:
    """Which of the hits belong to a document that answers the question."""
    return [hit["external_id"] in question.labels for hit in shown["hits"]] if shown else []
