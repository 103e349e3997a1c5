"""The inbox of ratings, with those that wait for a person."""

from __future__ import annotations

from flask import Response, request, url_for

from src.core.messages.feedback import ListFeedback, RatingKind, RatingState, ReviewRatings, Verdict
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .views import collections_by_id, page


@blueprint.get("/learning/ratings")
def ratings() -> str:
    """Ratings, newest first, by what they say and where they stand."""
    chosen = {name: request.args.get(name, "") for name in ("collection", "state", "kind", "verdict")}
    found = ask(
        message(
            ListFeedback,
            collection_id=chosen["collection"],
            state=chosen["state"],
            kind=chosen["kind"],
            verdict=chosen["verdict"],
            cursor=request.args.get("cursor"),
            limit=50,
        )
    )
    return page(
        "ratings",
        ratings=found,
        chosen=chosen,
        choices=[
            ("state", "Every state", list(RatingState)),
            ("verdict", "Up and down", list(Verdict)),
            ("kind", "Every kind", list(RatingKind)),
        ],
        collections=collections_by_id(),
    )


@blueprint.post("/learning/ratings/review")
def review() -> Response:
    """Release or discard the ratings that were chosen."""
    reviewed = ask(
        message(
            ReviewRatings,
            rating_ids=tuple(request.form.getlist("rating")),
            decision=request.form.get("decision"),
        )
    )
    words = {"release": "released: they count now", "discard": "discarded: they never count"}
    number = f"{reviewed.changed} rating{'' if reviewed.changed == 1 else 's'}"
    said = words.get(request.form.get("decision", ""), "changed")
    return moved(url_for("learning.ratings", state="held"), f"{number} {said}.")
