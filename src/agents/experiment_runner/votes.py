"""From a rating of an interleaved list to what it says about the two models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from src.core.messages.feedback import RatingKind
from src.core.messages.questions import Answer
from src.database.models import ExperimentRecord, ExperimentVoteRecord, RatingRecord
from src.database.uow import Work
from src.services.evaluation.interleaving import Entry, Team


@dataclass(frozen=True)
class _Worth:
    """What a vote says: its gain, and the place of the list where it was given, None for an answer, which
    shows what it cites wherever that stood."""

    gain: float
    place: int | None


def record_vote(work: Work, experiment: ExperimentRecord, rating_id: str) -> None:
    """Bring the vote of a rating to what the rating says now: made, changed or gone.

    Doing it again changes nothing. An ended experiment takes no new votes; one that counts no more is
    removed from it all the same.
    """
    vote = work.session.get(ExperimentVoteRecord, rating_id)
    rating = work.session.get(RatingRecord, rating_id)
    worth = _worth(work, experiment, rating) if rating is not None else None
    if rating is None or worth is None:
        if vote is not None:
            work.session.delete(vote)
    elif vote is not None:
        vote.verdict, vote.at = rating.verdict, rating.updated_at
        vote.gain, vote.place = worth.gain, worth.place
    elif experiment.state == "running":
        work.session.add(
            ExperimentVoteRecord(
                rating_id=rating.id,
                experiment_id=experiment.id,
                user_id=rating.user_id,
                question_key=rating.question_key,
                verdict=rating.verdict,
                gain=worth.gain,
                place=worth.place,
                at=rating.updated_at,
            )
        )
    work.session.flush()


def _worth(work: Work, experiment: ExperimentRecord, rating: RatingRecord) -> _Worth | None:
    """What a counted rating is worth; None where it says nothing about this experiment's models.

    A rating speaks for models of the rated passage's collection only. An answer as a whole speaks for the
    passages that it cites, on average.
    """
    search = work.searches.find(rating.search_id)
    if search is None or search.experiment_id != experiment.id:
        return None
    if rating.state != "counted" or rating.collection_id != experiment.collection_id:
        return None
    rated = [rating.passage_id] if rating.passage_id else _cited(work, rating.answer_id)
    rows = [row for row in search.hits if row.get("team") and row["passage_id"] in rated]
    if not rows:
        return None
    gain = sum(_entry(row).gain() for row in rows) / len(rows)
    return _Worth(gain, int(rows[0]["rank"]) if rating.kind == RatingKind.HIT else None)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["passage_id"], Team(row["team"]), row["control_rank"], row["treatment_rank"])


def _cited(work: Work, answer_id: str | None) -> list[str]:
    record = work.answers.find(answer_id) if answer_id else None
    if record is None:
        return []
    return [citation.passage_id for citation in Answer.model_validate(record.answer).citations]
