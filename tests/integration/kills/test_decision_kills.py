"""kill -9 while a comparison is decided or a newer candidate takes the place of the one on trial: the end is
as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from src.core.messages.answering import PassageCount
from src.core.messages.base import Event
from src.core.messages.experiments import CandidateGated, Method, StartExperiment
from src.core.messages.feedback import RatingsHeld
from tests.support.application import make_settings, running
from tests.support.comparisons import end
from tests.support.killing import copy, work_off
from tests.support.laboratory import Laboratory
from tests.support.polling import Poll


@dataclass(frozen=True)
class Story:
    """What the next event brings about: ``prepare`` returns it when all that came before is stored. The
    points at which to kill are in their order; only the last lies behind the commit."""

    name: str
    prepare: Callable[[Laboratory], Event]
    points: tuple[str, ...]
    models: tuple[str, ...]
    experiments: tuple[tuple[str, str, str | None], ...]


def last_vote(laboratory: Laboratory) -> Event:
    """A trial lacks one vote to be decided."""
    laboratory.trial()
    laboratory.poll(99, better=0.75)
    return laboratory.rating((4, 1), reader=laboratory.readers[0], question="The last one")


def last_verdict(laboratory: Laboratory) -> Event:
    """A comparison of answers lacks one rating to be decided."""
    request = StartExperiment(
        collection_id=laboratory.collection_id, method=Method.AB, variant=(PassageCount(k=3),)
    )
    experiment = laboratory.ask(request)
    poll = Poll(laboratory, count=20)
    poll.hold(99, better=0.9, worse=0.3, chunk=99)
    reader = poll.readers[10]
    with laboratory.database.begin() as work:
        answer_id = poll.answered(work, experiment, reader, "The last one")
        work.session.flush()
        rating_id = poll.say(work, answer_id, reader, "The last one", "up")
        work.commit()
    return RatingsHeld(
        collection_id=laboratory.collection_id, rating_ids=(rating_id,), reasons=("looked at",)
    )


def twice_the_votes(laboratory: Laboratory) -> Event:
    """A trial is far from its look, and a candidate that was trained on twice the votes passed the gate."""
    laboratory.trial(votes=100)
    laboratory.poll(30, better=0.75)
    newer = laboratory.candidate("gated", votes=200)
    return CandidateGated(model_id=newer, collection_id=laboratory.collection_id)


def vote_that_tells_nothing(laboratory: Laboratory) -> Event:
    """A candidate waits because the trial is about to tell, and the look that the next vote makes due will
    not."""
    laboratory.trial(votes=100)
    laboratory.poll(80, better=0.65, seed=2)
    newer = laboratory.candidate("gated", votes=400)
    laboratory.deliver(CandidateGated(model_id=newer, collection_id=laboratory.collection_id))
    laboratory.poll(19, better=0.4, seed=4)
    return laboratory.rating((1, 4), reader=laboratory.readers[0], question="The last one")


PROMOTED = (("trial", "ended", "promote"), ("watch", "running", None))
TAKEN_OVER = (("trial", "ended", "superseded"), ("trial", "running", None))
STORIES = (
    Story("trial", last_vote, ("ended", "promoted", "started", "kept"), ("retired", "live"), PROMOTED),
    Story("answers", last_verdict, ("ended", "promoted", "kept"), ("retired", "live"), PROMOTED),
    Story(
        "takeover",
        twice_the_votes,
        ("ended", "rejected", "started", "arranged"),
        ("live", "rejected", "trial"),
        TAKEN_OVER,
    ),
    Story(
        "takeover at a look",
        vote_that_tells_nothing,
        ("rejected", "started", "kept"),
        ("live", "rejected", "trial"),
        TAKEN_OVER,
    ),
)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_kills_at_every_point_of_what_an_event_brings_about_change_nothing(
    story: Story, tmp_path: Path
) -> None:
    prepared = tmp_path / "before" / "data"
    with running(make_settings(prepared), worker=False) as application:
        event = story.prepare(Laboratory(application.database))
        with application.database.begin() as work:
            work.publish(event)
            work.commit()
    data_dir = copy(prepared, tmp_path / "undisturbed")
    work_off(data_dir, worker="deciding")
    undisturbed = end(data_dir)
    assert tuple(state for _, state in undisturbed.models) == story.models
    assert tuple(one[:3] for one in undisturbed.experiments) == story.experiments
    assert undisturbed.letters == 0
    data_dir = copy(prepared, tmp_path / "killed")
    for point in story.points:
        work_off(data_dir, point, worker="deciding")
    work_off(data_dir, worker="deciding")
    assert end(data_dir) == undisturbed
