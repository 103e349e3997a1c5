"""Search: the ranked passages themselves, with their scores and times."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from src.core.errors import AppError
from src.core.messages.collections import ListCollections
from src.core.messages.questions import Search, SearchResults
from src.web.pages.feedback.own import OwnRatings
from src.web.pages.forms import message, words
from src.web.pages.gate import signed_in_only
from src.web.problems import Problem, problem_of
from src.web.state import ask, correlation_id

blueprint = Blueprint(
    "search", __name__, template_folder="templates", static_folder="static", static_url_path="/assets/search"
)
signed_in_only(blueprint)

_AMOUNTS = (10, 25, 50, 100)


@blueprint.get("/search")
def index() -> Response:
    """The search form, with the passages found where there is a query. A GET, so that it can be kept."""
    results: SearchResults | None = None
    problem: Problem | None = None
    query = request.args.get("q", "").strip()
    if query:
        try:
            results = ask(_search(query))
        except AppError as error:
            problem = problem_of(error, correlation_id())
    collections = ask(ListCollections(limit=200)).items
    page = render_template(
        "search/index.html",
        active="search",
        query=query,
        results=results,
        ratings=OwnRatings(),
        problem=problem,
        collections=collections,
        # The same file in two collections looks the same.
        names={each.id: each.name for each in collections} if len(collections) > 1 else {},
        chosen=request.args.getlist("collection"),
        path=request.args.get("path", ""),
        types=request.args.get("types", ""),
        amount=request.args.get("k", type=int) or _AMOUNTS[0],
        amounts=_AMOUNTS,
    )
    return make_response(page, problem.status if problem else 200)


def _search(query: str) -> Search:
    filters = {"path": request.args.get("path") or None, "types": words(request.args.get("types", ""))}
    return message(
        Search,
        query=query,
        collection_ids=tuple(request.args.getlist("collection")) or None,
        k=request.args.get("k"),
        filters={name: value for name, value in filters.items() if value} or None,
    )
