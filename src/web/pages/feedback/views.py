"""Rating what was answered and found, beside where it stands, and noting what readers do."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from src.core.messages.feedback import (
    NoteSignal,
    RateAnswer,
    RateCitation,
    RateHit,
    Rating,
    UnrateAnswer,
    UnrateCitation,
    UnrateHit,
    Verdict,
)
from src.web.pages.forms import message
from src.web.pages.gate import signed_in_only
from src.web.pages.outcomes import by_script, came_from, moved
from src.web.state import ask

blueprint = Blueprint(
    "feedback",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/feedback",
)
signed_in_only(blueprint)

_NONE = "none"
"""The verdict of a pressed button: pressing it again takes the rating back."""
_NOTED = "Your rating is noted."


@blueprint.post("/answers/<answer_id>/rating")
def rate_answer(answer_id: str) -> AnyResponse:
    """Rate an answer, with what else the reader says of it."""
    form = request.form
    verdict = form.get("verdict") or form.get("said")
    rating: Rating | None = None
    if verdict == _NONE:
        ask(message(UnrateAnswer, answer_id=answer_id))
    else:
        wrong = verdict == Verdict.DOWN
        rating = ask(
            message(
                RateAnswer,
                answer_id=answer_id,
                verdict=verdict,
                stars=form.get("stars"),
                reasons=tuple(form.getlist("reason")) if wrong else None,
                comment=form.get("comment"),
                correction=form.get("correction") if wrong else None,
            )
        )
    if not by_script():
        return moved(f"{url_for('ask.show', answer_id=answer_id)}#rating-{answer_id}", _NOTED)
    html = render_template("feedback/_answer.html", answer_id=answer_id, rating=rating, said="said" in form)
    return Response(html)


@blueprint.post("/answers/<answer_id>/citations/<marker>/rating")
def rate_citation(answer_id: str, marker: str) -> AnyResponse:
    """Say whether a citation is right."""
    rating: Rating | None = None
    if request.form.get("verdict") == _NONE:
        ask(message(UnrateCitation, answer_id=answer_id, marker=marker))
    else:
        verdict = request.form.get("verdict")
        rating = ask(message(RateCitation, answer_id=answer_id, marker=marker, verdict=verdict))
    if not by_script():
        return moved(url_for("ask.show", answer_id=answer_id), _NOTED)
    return Response(
        render_template("feedback/_citation.html", answer_id=answer_id, marker=marker, rating=rating)
    )


@blueprint.post("/search-hits/<query_id>/<passage_id>/rating")
def rate_hit(query_id: str, passage_id: str) -> AnyResponse:
    """Say whether a passage was right for what was searched for."""
    rating: Rating | None = None
    if request.form.get("verdict") == _NONE:
        ask(message(UnrateHit, query_id=query_id, passage_id=passage_id))
    else:
        verdict = request.form.get("verdict")
        rating = ask(message(RateHit, query_id=query_id, passage_id=passage_id, verdict=verdict))
    if not by_script():
        return moved(came_from() or url_for("search.index"), _NOTED)
    rank = request.form.get("rank", "")
    hit = {"passage_id": passage_id, "rank": rank}
    return Response(render_template("feedback/_hit.html", query_id=query_id, hit=hit, rating=rating))


@blueprint.post("/signals")
def note_signal() -> AnyResponse:
    """Note what the reader did; a script tells, and waits for no answer."""
    form = request.form
    ask(
        message(
            NoteSignal,
            kind=form.get("kind"),
            query_id=form.get("query_id"),
            answer_id=form.get("answer_id"),
            passage_id=form.get("passage_id"),
        )
    )
    return Response(status=204)
