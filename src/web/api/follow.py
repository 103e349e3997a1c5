"""The operations that answer with a stream."""

from __future__ import annotations

from flask import Response, request

from src.core.errors import FieldProblem, InvalidRequestError
from src.core.messages.console import ListEvents, LoggedEvent
from src.core.messages.jobs import GetJob, Job
from src.core.messages.questions import Answer, AnswerCitation, AnswerDelta, AskQuestion, Retrieved
from src.web import state
from src.web.streams import AnswerPart, ServerEvent


def follow_events(message: ListEvents) -> Response:
    """The event log from ``after`` (or the header ``Last-Event-ID``) on, else from now on."""
    after = _resume_after(message.after)
    state.ask(message.model_copy(update={"limit": 1}))  # refuses who may not read the log
    follow = state.streams().events.follow
    return state.streams().respond(lambda: map(_logged, follow(topic=message.topic, after=after)))


def follow_job(message: GetJob) -> Response:
    """A job's progress until it has ended."""
    job = state.ask(message)
    return state.streams().respond(lambda: map(_progress, state.streams().jobs.follow(job)))


def follow_answer(message: AskQuestion) -> Response:
    """An answer while it is written."""
    ctx = state.context()
    return state.streams().respond(lambda: map(answer_event, state.streams().answers.follow(message, ctx)))


def answer_event(part: AnswerPart | None) -> ServerEvent | None:
    """A part of an answer as the API streams it."""
    match part:
        case None:
            return None
        case Retrieved():
            return ServerEvent(part.model_dump_json(), "retrieved")
        case AnswerDelta():
            return ServerEvent(part.model_dump_json(), "delta")
        case AnswerCitation():
            return ServerEvent(part.citation.model_dump_json(), "citation")
        case Answer():
            return ServerEvent(part.model_dump_json(), "done")
        case _:
            return ServerEvent(part.model_dump_json(), "error")


def _logged(event: LoggedEvent | None) -> ServerEvent | None:
    return ServerEvent(event.model_dump_json(), id=str(event.position)) if event else None


def _progress(job: Job | None) -> ServerEvent | None:
    return ServerEvent(job.model_dump_json(), "progress") if job else None


def _resume_after(after: int | None) -> int | None:
    last = request.headers.get("Last-Event-ID", "")
    if not last:
        return after
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        raise InvalidRequestError(
            "The header Last-Event-ID must be an event's id as the stream gave it.",
            fields=(FieldProblem("Last-Event-ID", "Must be a position of the event log"),),
        )
    return int(last)
