"""What a rating may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from src.core.messages import catalogue
from src.core.messages.feedback import ListFeedback, RateAnswer, RateCitation, ReviewRatings, Verdict


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "fine"},
        {"verdict": "up", "stars": 0},
        {"verdict": "up", "stars": 6},
        {"verdict": "down", "reasons": ["bad_luck"]},
        {"verdict": "down", "comment": "x" * 4001},
        {"verdict": "down", "correction": "x" * 20_001},
        {"verdict": "down", "comment": "a\x00b"},
        {"verdict": "down", "answer_id": "../secrets"},
        {"verdict": "down", "certainty": 1},
    ],
)
def test_a_rating_that_is_not_one_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RateAnswer.model_validate({"answer_id": "a1", **wrong})


def test_words_are_stripped_and_nothing_said_is_none() -> None:
    rating = RateAnswer(answer_id="a1", verdict=Verdict.UP, comment="  It helped.\n", correction="  ")
    assert (rating.comment, rating.correction) == ("It helped.", None)


def test_a_marker_is_short_and_plain() -> None:
    for marker in ("", "1/2", "x" * 21):
        with pytest.raises(ValidationError):
            RateCitation(answer_id="a1", marker=marker, verdict=Verdict.UP)


def test_the_time_since_is_in_utc_whatever_zone_it_was_given_in() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert ListFeedback(since=noon.astimezone(timezone(timedelta(hours=5)))).since == noon
    assert ListFeedback(since=noon.replace(tzinfo=None)).since == noon
    with pytest.raises(ValidationError):
        ListFeedback(since=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))))


def test_a_review_names_some_ratings_and_not_too_many() -> None:
    for count in (0, 1001):
        with pytest.raises(ValidationError):
            ReviewRatings(rating_ids=("r",) * count, decision="discard")


def test_no_event_of_ratings_carries_the_words_of_their_user() -> None:
    told = [event for event in catalogue.events() if event.topic.startswith("rating.")]
    assert len(told) == 5
    for event in told:
        assert not {"comment", "correction", "question"} & set(event.model_fields), event.topic
