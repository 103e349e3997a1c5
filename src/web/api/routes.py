"""The table of operations as a Flask blueprint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from src.core.caller import Caller
from src.core.messages.base import Message, Page, Request
from src.web import auth, state

from .follow import follow_answer, follow_events, follow_job
from .inputs import read
from .lines import as_lines, lines_wanted
from .operation import Operation
from .paging import cut, slice_asked
from .table import OPERATIONS, PREFIX

View = Callable[..., Response]
Follow = Callable[[Any], Response]

_STREAMS: dict[str, Follow] = {
    "event.stream": follow_events,
    "job.stream": follow_job,
    "question.answer_stream": follow_answer,
}


class IdConverter(BaseConverter):
    """An id in a path: no colon, which begins a verb (``/documents/{id}:retry``)."""

    regex = "[A-Za-z0-9_-]{1,64}"


def make_routes() -> Blueprint:
    """A route for every operation of the table."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    blueprint.record_once(_add_converter)
    for operation in OPERATIONS:
        blueprint.add_url_rule(
            operation.rule,
            endpoint=operation.id.replace(".", "-"),
            view_func=_view(operation),
            methods=[operation.method],
        )
    return blueprint


def _add_converter(setup: BlueprintSetupState) -> None:
    setup.app.url_map.converters["id"] = IdConverter


def _view(operation: Operation) -> View:
    answer = _STREAMS[operation.id] if operation.parts else _answer(operation)

    def view(**places: str) -> Response:
        if operation.public:
            g.caller = Caller.anonymous()
        else:
            auth.take_bearer()
        return answer(read(operation, places))

    return view


def _answer(operation: Operation) -> Callable[[Request[Any]], Response]:
    def answer(message: Request[Any]) -> Response:
        if operation.lines and lines_wanted():
            return as_lines(message)
        part = slice_asked() if operation.whole_list else None
        reply: Message | None = state.ask(message)
        if reply is None:
            return Response(status=operation.status)
        if part is not None and isinstance(reply, Page):
            reply = cut(reply, part)
        return Response(reply.model_dump_json(), status=operation.status, content_type="application/json")

    return answer
