"""Looks up what is known of the failing questions of a collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from src.core.messages.questions import Search, SearchResults
from src.database.repositories.failures import DocumentFacts, Failures
from src.database.uow import Database

from .evidence import DEPTH, Evidence, Replay, Target, Words
from .failures import Failure, Sign
from .gathering import Home
from .targets import corrected, known_targets

MOST_REPLAYS = 100
_LONGEST_QUERY = 4000
_CORRECTED_DEPTH = 5


@dataclass
class Replayer:
    """Repeats searches in one collection with its live model, at most ``left`` of them. They are not
    recorded: nobody asked."""

    search: Callable[[Search], SearchResults]
    collection_id: str
    model_id: str
    left: int = MOST_REPLAYS

    def replay(self, query: str, k: int = DEPTH) -> Replay | None:
        """None where no more searches may be made."""
        if self.left <= 0:
            return None
        self.left -= 1
        results = self.search(
            Search(
                query=query[:_LONGEST_QUERY],
                collection_ids=(self.collection_id,),
                k=k,
                model_id=self.model_id,
            )
        )
        return Replay(results.hits)


class Examiner:
    """Gathers the evidence of each failing question."""

    def __init__(self, database: Database, words: Words, embedding_version: str) -> None:
        self._database = database
        self._words = words
        self._version = embedding_version

    def examine(self, home: Home, failures: Sequence[Failure], replayer: Replayer | None) -> list[Evidence]:
        """In the order of ``failures``. Without a replayer what was shown is all there is to judge by."""
        targets: dict[str, list[Target]] = {}
        if home is not None:
            with self._database.read() as work:
                targets = known_targets(work, home, failures, self._version)
        replays: dict[str, Replay] = {}
        corrections: list[tuple[Failure, str, Replay]] = []
        for failure in failures if replayer is not None else ():
            assert replayer is not None
            texts = dict.fromkeys(text for one in failure.occurrences for text in one.corrections)
            for text in texts:
                found = replayer.replay(text, _CORRECTED_DEPTH)
                if found is not None:
                    corrections.append((failure, text, found))
            if failure.key in targets or texts or _weak(failure):
                found = replayer.replay(failure.question)
                if found is not None:
                    replays[failure.key] = found
        mentioned = {key for failure in failures for key in _documents_of(failure)}
        found_now = (*replays.values(), *(found for _, _, found in corrections))
        mentioned |= {hit.document_id for found in found_now for hit in found.hits}
        facts, known = self._facts(home, mentioned)
        for failure, text, found in corrections:
            target = corrected(text, found, self._words, facts)
            if target is not None:
                targets.setdefault(failure.key, []).append(target)
        for found_targets in targets.values():
            facts.update({one.document.id: one.document for one in found_targets})
        return [
            Evidence(
                failure=failure,
                targets=tuple(targets.get(failure.key, ())),
                replay=replays.get(failure.key),
                documents=facts,
                gone=frozenset(_documents_of(failure)) - known,
                words=tuple(self._words(failure.question)),
            )
            for failure in failures
        ]

    def _facts(self, home: Home, ids: set[str]) -> tuple[dict[str, DocumentFacts], set[str]]:
        """The documents that a report may name, and all that are still there: a report of one collection
        never names what is in another."""
        with self._database.read() as work:
            found = Failures(work.session).documents(ids)
        named = {key: facts for key, facts in found.items() if home is None or facts.collection_id == home}
        return named, set(found)


def _weak(failure: Failure) -> bool:
    """Whether it should be looked at if there is anything about it at all."""
    return failure.refused or Sign.UNSUPPORTED in failure.signs or Sign.HIT_DISLIKED in failure.signs


def _documents_of(failure: Failure) -> Iterable[str]:
    latest = failure.latest
    return {item.document_id for item in latest.shown} | latest.versions.keys()
