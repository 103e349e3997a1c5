"""Asking, with answers that stream in, and the stored answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from src.core.errors import AppError, NotFoundError
from src.core.jobs import JobState
from src.core.messages.collections import Collection, ListCollections
from src.core.messages.documents import IngestDocuments
from src.core.messages.jobs import Job, ListJobs
from src.core.messages.questions import Answer, AskQuestion, GetAnswer, ListAnswers, Style
from src.core.messages.sources import SyncSourceJob
from src.web.pages.feedback.own import own_ratings
from src.web.pages.forms import message
from src.web.pages.gate import signed_in_only
from src.web.pages.streaming import respond
from src.web.problems import problem_of
from src.web.state import ask, context, correlation_id, streams

from .stream import PageStream
from .turns import conversations, turn_of

blueprint = Blueprint(
    "ask", __name__, template_folder="templates", static_folder="static", static_url_path="/assets/ask"
)
signed_in_only(blueprint)

_EARLIER = 20
_INTAKE = {IngestDocuments.kind, SyncSourceJob.kind}


@blueprint.get("/")
def index() -> str:
    """The question box, and what was asked before."""
    return _page()


@blueprint.post("/ask")
def put() -> AnyResponse:
    """Ask without scripts: the whole answer, then its page."""
    try:
        answer = ask(_question())
    except AppError as error:
        problem = problem_of(error, correlation_id())
        return make_response(_page(problem=problem, question=request.form.get("question", "")), error.status)
    return redirect(_address(answer), code=303)


@blueprint.post("/ask/stream")
def stream() -> Response:
    """Ask, and get the parts of the answer as they come."""
    question, page = _question(), PageStream(render_template, _address)
    return respond(lambda: page.events(streams().answers.follow(question, context())))


@blueprint.get("/answers/<answer_id>")
def show(answer_id: str) -> str:
    """A stored answer, below the earlier ones of its conversation."""
    answer = ask(message(GetAnswer, answer_id=answer_id))
    siblings = ask(ListAnswers(conversation_id=answer.conversation_id, limit=100)).items
    ids = [sibling.answer_id for sibling in reversed(siblings)]
    own = answer_id in ids
    earlier = ids[: ids.index(answer_id)][-_EARLIER:] if own else []
    return _page(answers=[*_readable(earlier), answer], follow_up=own)


@blueprint.get("/ask/history")
def history() -> str:
    """The caller's conversations, for the panel beside the answers."""
    return render_template(
        "ask/_history.html", conversations=_conversations(), current=request.args.get("conversation")
    )


@blueprint.get("/ask/progress")
def progress() -> str:
    """What is being indexed now."""
    return render_template("ask/_progress.html", **_progress())


def _readable(answer_ids: Sequence[str]) -> Iterator[Answer]:
    """Those of the reader's own answers whose collections are still theirs to read."""
    for answer_id in answer_ids:
        try:
            yield ask(GetAnswer(answer_id=answer_id))
        except NotFoundError:
            continue


def _page(
    answers: list[Answer] | None = None, follow_up: bool = True, question: str = "", **more: object
) -> str:
    latest = answers[-1] if answers else None
    ratings = own_ratings(answer.query_id for answer in answers or ()) if follow_up else None
    return render_template(
        "ask/index.html",
        active="ask",
        turns=[turn_of(answer, ratings) for answer in answers or ()],
        conversation=latest.conversation_id if latest and follow_up else None,
        current=latest.conversation_id if latest else None,
        follow_up=follow_up,
        question=question,
        styles=list(Style),
        conversations=_conversations(),
        **_progress(),
        **more,
    )


def _question() -> AskQuestion:
    form = request.form
    return message(
        AskQuestion,
        question=form.get("question", ""),
        collection_ids=tuple(form.getlist("collection")) or None,
        conversation_id=form.get("conversation"),
        style=form.get("style"),
    )


def _conversations() -> object:
    return conversations(ask(ListAnswers(limit=100)).items)


def _progress() -> dict[str, list[Collection] | list[Job]]:
    """What may be asked about, and the jobs that bring in more of it."""
    collections = list(ask(ListCollections(limit=200)).items)
    jobs = [
        job
        for state in (JobState.RUNNING, JobState.QUEUED)
        for job in ask(ListJobs(state=state, limit=20)).items
        if job.kind in _INTAKE
    ]
    return {"collections": collections, "jobs": jobs}


def _address(answer: Answer) -> str:
    return url_for("ask.show", answer_id=answer.answer_id)
