"""What an administrator may do in the console."""

from __future__ import annotations

from flask import Response, request, url_for

from src.core.messages.console import DiscardDeadLetter, ReplayDeadLetter, SteerAgent
from src.core.messages.jobs import CancelJob
from src.web.pages.forms import message
from src.web.pages.outcomes import done
from src.web.state import ask

from .blueprint import blueprint


@blueprint.post("/agents/<name>/steer")
def steer(name: str) -> Response:
    """Pause, resume or drain an agent."""
    status = ask(message(SteerAgent, name=name, steering=request.form.get("steering")))
    return _done(f"{status.name} is {status.state}.", "agents-changed")


@blueprint.post("/agents/dead-letters/<letter_id>/replay")
def replay(letter_id: str) -> Response:
    """Deliver the event again to the group that gave up on it."""
    letter = ask(message(ReplayDeadLetter, dead_letter_id=letter_id))
    return _done(f"{letter.topic} is delivered to {letter.group} again.", "letters-changed", "agents-changed")


@blueprint.post("/agents/dead-letters/<letter_id>/discard")
def discard(letter_id: str) -> Response:
    """Give the event up for that group."""
    ask(message(DiscardDeadLetter, dead_letter_id=letter_id))
    return _done("The dead letter was discarded.", "letters-changed", "agents-changed")


@blueprint.post("/agents/jobs/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    """Ask a job to stop."""
    ask(message(CancelJob, job_id=job_id))
    return _done("The job stops at its next safe point.", "jobs-changed")


def _done(words: str, *refresh: str) -> Response:
    return done(words, to=url_for("agents.index"), refresh=refresh)
