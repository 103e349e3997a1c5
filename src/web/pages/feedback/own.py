"""What the reader said before, to be shown where it was said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from src.core.messages.feedback import ListFeedback, Rating, RatingKind
from src.web.state import ask

_MOST = 500


@dataclass(frozen=True)
class OwnRatings:
    """The reader's ratings, by what they are of."""

    answers: dict[str | None, Rating] = field(default_factory=dict)
    citations: dict[tuple[str | None, str | None], Rating] = field(default_factory=dict)
    hits: dict[tuple[str, str | None], Rating] = field(default_factory=dict)

    def of_answer(self, answer_id: str) -> Rating | None:
        return self.answers.get(answer_id)

    def of_citation(self, answer_id: str, marker: str) -> Rating | None:
        return self.citations.get((answer_id, marker))

    def of_hit(self, query_id: str, passage_id: str) -> Rating | None:
        return self.hits.get((query_id, passage_id))


def own_ratings(query_ids: Iterable[str]) -> OwnRatings:
    """What the reader rated of these searches and of the answers made from them."""
    found = OwnRatings()
    wanted = tuple(dict.fromkeys(query_ids))
    if not wanted:
        return found
    for rating in ask(ListFeedback(query_id=wanted, mine=True, limit=_MOST)).items:
        match rating.kind:
            case RatingKind.ANSWER:
                found.answers[rating.answer_id] = rating
            case RatingKind.CITATION:
                found.citations[rating.answer_id, rating.marker] = rating
            case RatingKind.HIT:
                found.hits[rating.query_id, rating.passage_id] = rating
    return found
