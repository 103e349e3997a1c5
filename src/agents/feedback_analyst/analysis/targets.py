"""Which passages are known to answer a question that failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from src.database.repositories.failures import DocumentFacts, Failures, Place
from src.database.repositories.votes import PassageVote, passage_votes
from src.database.uow import Work
from src.services.ranking.examples import DOWN_VOTE

from .evidence import Origin, Replay, Target, Words, strong
from .failures import Failure

NEAR = 0.8
"""The cosine from which on two questions ask the same: that of the memory of answered questions."""
HELD = 0.6
"""The share of a correction's words that a passage must hold to say the same."""
_ROWS = 256
_SINGLE_WORDS = 3


def known_targets(
    work: Work, collection_id: str, failures: Sequence[Failure], embedding_version: str
) -> dict[str, list[Target]]:
    """By question key: what up-votes and golden sets of the collection name, as it stands there now."""
    reader = Failures(work.session)
    cutting = work.collections.get(collection_id).cutting
    votes = passage_votes(work.session, collection_id, embedding_version, cutting)
    by_question = _voted(failures, votes)
    contents = {content for found in by_question.values() for content in found}
    places = reader.passages_with(collection_id, contents)
    golden = reader.golden(collection_id, {failure.key for failure in failures})
    named = reader.documents_named(collection_id, {name for names in golden.values() for name in names})
    documents = reader.documents({place.document_id for found in places.values() for place in found})
    targets: dict[str, list[Target]] = defaultdict(list)
    for failure in failures:
        for name in dict.fromkeys(golden.get(failure.key, ())):
            if name in named:
                targets[failure.key].append(Target(frozenset(), named[name], Origin.GOLDEN))
        for content in by_question.get(failure.key, ()):
            target = _target(places.get(content, []), documents)
            if target is not None:
                targets[failure.key].append(target)
    return dict(targets)


def _voted(failures: Sequence[Failure], votes: Sequence[PassageVote]) -> dict[str, list[str]]:
    """The contents with more for them than against them, among the votes for nearly the same question."""
    found: dict[str, list[str]] = {}
    if not votes:
        return found
    asked = np.stack([vote.vector for vote in votes])
    weights = np.array([1.0 if vote.up else -DOWN_VOTE for vote in votes])
    for start in range(0, len(failures), _ROWS):
        part = failures[start : start + _ROWS]
        near = np.stack([failure.vector for failure in part]) @ asked.T >= NEAR
        for failure, row in zip(part, near, strict=True):
            sums: dict[str, float] = defaultdict(float)
            for place in np.flatnonzero(row).tolist():
                sums[votes[place].content_key] += float(weights[place])
            found[failure.key] = sorted(content for content, sum_ in sums.items() if sum_ > 0)
    return found


def _target(places: Sequence[Place], documents: Mapping[str, DocumentFacts]) -> Target | None:
    here = [place for place in places if place.document_id in documents]
    if not here:
        return None
    return Target(frozenset(place.passage_id for place in here), documents[here[0].document_id], Origin.VOTE)


def corrected(
    correction: str, found: Replay, words: Words, documents: Mapping[str, DocumentFacts]
) -> Target | None:
    """The first passage that a search for a reader's correction finds, where it says the same: it is near,
    and holds most of the correction's words."""
    wanted = set(words(correction))
    if not found.hits or len(wanted) < _SINGLE_WORDS:
        return None
    hit = found.hits[0]
    held = set(words(f"{hit.title} {hit.context} {hit.text}"))
    if not strong(hit) or len(wanted & held) < HELD * len(wanted) or hit.document_id not in documents:
        return None
    return Target(frozenset((hit.passage_id, *hit.duplicates)), documents[hit.document_id], Origin.CORRECTION)
