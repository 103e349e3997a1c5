"""Collects what failed, and decides whose it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from src.core.messages.feedback import RatingKind, Reason
from src.core.messages.questions import Answer
from src.database.models import RatingRecord, SearchRecord
from src.database.repositories.failures import Failures
from src.database.uow import Work
from src.services.text.questions import question_key

from .failures import Occurrence, Shown, Sign

MOST_RATINGS = 5000
MOST_ANSWERS = 2000
MOST_SIGNALS = 2000

_SIGNS = {
    RatingKind.ANSWER: Sign.ANSWER_DISLIKED,
    RatingKind.CITATION: Sign.CITATION_DISLIKED,
    RatingKind.HIT: Sign.HIT_DISLIKED,
}

Home = str | None
"""The collection that a failure belongs to; None where it concerns several."""


def gather(work: Work, since: datetime) -> dict[Home, list[Occurrence]]:
    """Every failure since then, by the collection that it belongs to.

    A rating belongs to the collection of what was rated. A failure without a rating belongs to the
    collection that all that was shown is of, or that alone was searched; where another collection that is
    private was searched too, it belongs to none: a question may tell what that one is about.
    """
    failures = Failures(work.session)
    ratings = failures.disliked(since, MOST_RATINGS)
    again = {signal.answer_id for signal in failures.asked_again(since, MOST_SIGNALS) if signal.answer_id}
    answers: dict[str, Occurrence] = {}
    for record in failures.unsupported(since, MOST_ANSWERS):
        answers[record.id] = _of_answer(Answer.model_validate(record.answer), record.user_id)
    wanted = again | {rating.answer_id for rating in ratings if rating.answer_id}
    for record in failures.answers(wanted - answers.keys()):
        answers[record.id] = _of_answer(Answer.model_validate(record.answer), record.user_id)
    searches = failures.searches(
        {one.search_id for one in answers.values()} | {rating.search_id for rating in ratings}
    )
    for one in answers.values():
        if one.search_id in searches:
            one.searched = frozenset(searches[one.search_id].collection_ids)
        if one.answer_id in again:
            one.signs.add(Sign.ASKED_AGAIN)
    found: dict[tuple[Home, str], Occurrence] = {}
    by_search = {one.search_id: one for one in answers.values()}
    for rating in ratings:
        shown = by_search.get(rating.search_id) or _of_search(searches.get(rating.search_id))
        if shown is not None:
            # One search may be rated in several collections: each has its own occurrence.
            _note(found.setdefault((rating.collection_id, rating.search_id), _copy(shown)), rating)
    rated = {search_id for _, search_id in found}
    visibilities = failures.visibilities()
    for one in answers.values():
        if one.search_id not in rated and one.signs:
            found[_home(one, visibilities), one.search_id] = one
    _add_likes(failures, found.values())
    _add_signals(failures, found.values())
    homes: dict[Home, list[Occurrence]] = defaultdict(list)
    for (home, _), one in found.items():
        if one.failed and one.question:
            homes[home].append(one)
    return dict(homes)


def _of_answer(answer: Answer, user_id: str | None) -> Occurrence:
    found = Occurrence(
        search_id=answer.query_id,
        question=answer.condensed,
        question_key=question_key(answer.condensed),
        user_id=user_id,
        at=answer.asked_at,
        answer_id=answer.answer_id,
        shown=tuple(
            Shown(
                hit.passage_id,
                hit.document_id,
                hit.rank,
                hit.scores.dense or 0.0,
                hit.scores.fused,
                hit.duplicates,
            )
            for hit in answer.passages
        ),
        cited=frozenset(one.passage_id for one in answer.citations),
        versions={one.document_id: one.content_hash for one in answer.citations},
        among=frozenset(hit.collection_id for hit in answer.passages),
    )
    if answer.text and not answer.grounded:
        found.signs.add(Sign.UNSUPPORTED if answer.citations else Sign.REFUSED)
    return found


def _of_search(record: SearchRecord | None) -> Occurrence | None:
    if record is None:
        return None
    return Occurrence(
        search_id=record.id,
        question=record.query,
        question_key=question_key(record.query),
        user_id=record.user_id,
        at=record.at,
        shown=tuple(_shown(row) for row in record.hits),
        searched=frozenset(record.collection_ids),
    )


def _shown(row: dict[str, Any]) -> Shown:
    scores = row["scores"]
    return Shown(
        row["passage_id"], row["document_id"], row["rank"], scores.get("dense") or 0.0, scores["fused"]
    )


def _copy(one: Occurrence) -> Occurrence:
    return replace(one, signs=set(one.signs), reasons=set(), rating_ids=set(), corrections=[], disliked=set())


def _note(one: Occurrence, rating: RatingRecord) -> None:
    one.signs.add(_SIGNS[RatingKind(rating.kind)])
    one.reasons.update(Reason(reason) for reason in rating.reasons)
    one.rating_ids.add(rating.id)
    if rating.correction:
        one.corrections.append(rating.correction)
    if rating.passage_id is not None:
        one.disliked.add(rating.passage_id)


def _home(one: Occurrence, visibilities: dict[str, str]) -> Home:
    concerned: Collection[str] = one.among or one.searched
    if len(concerned) != 1:
        return None
    (home,) = concerned
    private = {key for key in one.searched if visibilities.get(key, "private") != "team"}
    return home if home in visibilities and private <= {home} else None


def _add_likes(failures: Failures, occurrences: Iterable[Occurrence]) -> None:
    found = list(occurrences)
    liked: dict[str, set[str | None]] = defaultdict(set)
    for rating in failures.liked({one.search_id for one in found}):
        liked[rating.search_id].add(rating.passage_id)
    for one in found:
        likes = liked.get(one.search_id, set())
        one.accepted = None in likes
        one.liked = frozenset(key for key in likes if key is not None)


def _add_signals(failures: Failures, occurrences: Iterable[Occurrence]) -> None:
    """What readers did says too little to be a failure or to teach: it is told beside one."""
    found = list(occurrences)
    noted = failures.signals({one.search_id for one in found})
    for one in found:
        one.signals = frozenset(kind for user, kind in noted.get(one.search_id, ()) if user == one.user_id)
