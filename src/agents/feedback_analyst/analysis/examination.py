"""Looks up what is known of the failing questions of a collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from src.core.messages.questions import LONGEST_QUESTION, Search, SearchResults
from src.database.repositories.failures import DocumentFacts, Failures
from src.database.uow import Database
from src.services.text.evidence import EvidenceCheck, Weighed

from .evidence import DEPTH, Evidence, Replay, Target, Words
from .failures import Failure
from .gathering import Home
from .targets import corrected, known_targets

MOST_REPLAYS = 100
_CORRECTED_DEPTH = 5
_MOST_RIGHT = 1000
_ENOUGH_RIGHT = 20


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
                query=query[:LONGEST_QUESTION],
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
        self._evidence = EvidenceCheck(words)
        self._version = embedding_version

    def examine(
        self, home: Home, failures: Sequence[Failure], replayer: Replayer | None, since: datetime
    ) -> list[Evidence]:
        """In the order of ``failures``. Without a replayer what was shown is all there is to judge by."""
        usual: float | None = None
        targets: dict[str, list[Target]] = {}
        if home is not None:
            with self._database.read() as work:
                targets = known_targets(work, home, failures, self._version)
                right = Failures(work.session).best_when_right(home, since, _MOST_RIGHT)
            usual = right[len(right) // 10] if len(right) >= _ENOUGH_RIGHT else None
        replays, corrections = _repeated(failures, replayer)
        mentioned = {key for failure in failures for key in _documents_of(failure)}
        found_now = (*replays.values(), *(found for _, _, found in corrections))
        mentioned |= {hit.document_id for found in found_now for hit in found.hits}
        facts, known = self._facts(home, mentioned)
        for key, text, found in corrections:
            target = corrected(text, found, self._words, facts)
            if target is not None:
                targets.setdefault(key, []).append(target)
        facts.update({one.document.id: one.document for found in targets.values() for one in found})
        return [
            Evidence(
                failure=failure,
                targets=tuple(one for one in targets.get(failure.key, ()) if not _disliked(failure, one)),
                replay=replays.get(failure.key),
                documents=facts,
                gone=frozenset(_documents_of(failure)) - known,
                words=tuple(self._words(failure.question)),
                weighed=self._weighed(failure, replays.get(failure.key)),
                usual=usual,
            )
            for failure in failures
        ]

    def _weighed(self, failure: Failure, replay: Replay | None) -> Weighed | None:
        if replay is None:
            return None
        return self._evidence.weigh(failure.question, replay.hits, quoting=True)

    def _facts(self, home: Home, ids: set[str]) -> tuple[dict[str, DocumentFacts], set[str]]:
        """The documents that a report may name, and all that are still there: a report of one collection
        never names what is in another."""
        with self._database.read() as work:
            found = Failures(work.session).documents(ids)
        named = {key: facts for key, facts in found.items() if home is None or facts.collection_id == home}
        return named, set(found)


def _repeated(
    failures: Sequence[Failure], replayer: Replayer | None
) -> tuple[dict[str, Replay], list[tuple[str, str, Replay]]]:
    """The same searches made now, by question key, and searches for corrections with key and text. The
    newest are made first: there may be more than are allowed."""
    replays: dict[str, Replay] = {}
    corrections: list[tuple[str, str, Replay]] = []
    if replayer is None:
        return replays, corrections
    for failure in sorted(failures, key=_age):
        for text in dict.fromkeys(text for one in failure.occurrences for text in one.corrections):
            found = replayer.replay(text, _CORRECTED_DEPTH)
            if found is not None:
                corrections.append((failure.key, text, found))
        found = replayer.replay(failure.question)
        if found is not None:
            replays[failure.key] = found
    return replays, corrections


def _disliked(failure: Failure, target: Target) -> bool:
    """Whether a reader of this very question found the target wrong, whatever others say."""
    return any(not one.disliked.isdisjoint(target.passage_ids) for one in failure.occurrences)


def _age(failure: Failure) -> tuple[float, str]:
    return -failure.latest.at.timestamp(), failure.key


def _documents_of(failure: Failure) -> Iterable[str]:
    latest = failure.latest
    return {item.document_id for item in latest.shown} | latest.versions.keys()
