"""What is said of a trial before it starts."""

from __future__ import annotations

from src.core.messages.experiments import StopExperiment
from tests.support.laboratory import Laboratory


def said(laboratory: Laboratory, readers: int) -> str:
    """What a trial says that begins after so many readers have voted in another one."""
    _, first = laboratory.trial()
    for number in range(20):
        reader = laboratory.readers[number % readers]
        laboratory.deliver(laboratory.rating((1, 2), reader=reader, question=f"question {number}"))
    laboratory.ask(StopExperiment(experiment_id=first))
    _, second = laboratory.trial()
    return str(laboratory.experiment(second).power["sentence"])


def test_the_rate_so_far_says_how_long_a_trial_takes(laboratory: Laboratory) -> None:
    sentence = said(laboratory, 5)
    assert "with your 20 up-votes a day this takes" in sentence
    assert "anything counts" not in sentence


def test_too_few_readers_are_told_before_they_wait(laboratory: Laboratory) -> None:
    assert said(laboratory, 3).endswith(
        "3 readers voted in the last four weeks, and of as many as may vote here 5 have to before anything "
        "counts: else one of them would decide alone."
    )
