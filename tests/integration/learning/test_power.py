"""What is said of a trial before it starts."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from src.core.messages.experiments import ListExperiments, StopExperiment
from src.database.models import RatingRecord
from tests.support.laboratory import Laboratory


def said(laboratory: Laboratory, readers: int, *, days: float = 2.0) -> str:
    """What a trial says that begins after so many readers have voted in another one, so many days ago."""
    _, first = laboratory.trial()
    for number in range(20):
        reader = laboratory.readers[number % readers]
        laboratory.deliver(laboratory.rating((1, 2), reader=reader, question=f"question {number}"))
    with laboratory.database.begin() as work:
        now = work.now()
        work.session.execute(update(RatingRecord).values(created_at=now - timedelta(days=days)))
        work.commit()
    laboratory.ask(StopExperiment(experiment_id=first))
    _, second = laboratory.trial()
    return str(laboratory.experiment(second).power["sentence"])


def test_the_rate_so_far_says_how_long_a_trial_takes(laboratory: Laboratory) -> None:
    sentence = said(laboratory, 5)
    assert "with your 10 up-votes a day this takes" in sentence
    assert "anything counts" not in sentence


def test_the_votes_of_one_busy_hour_say_nothing_of_days(laboratory: Laboratory) -> None:
    assert said(laboratory, 5, days=1 / 24).endswith(
        "The first of them came less than a day ago, so nobody knows how many days that takes."
    )
    (running,) = laboratory.ask(ListExperiments(state="running")).items
    assert (running.power["per_day"], running.power["days"], running.progress["days"]) == (0.0, None, None)


def test_too_few_readers_are_told_before_they_wait(laboratory: Laboratory) -> None:
    assert said(laboratory, 3).endswith(
        "3 readers voted in the last four weeks, and of as many as may vote here 5 have to before anything "
        "counts: else one of them would decide alone."
    )
