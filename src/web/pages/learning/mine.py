"""What became of the reader's own ratings."""

from __future__ import annotations

from flask import request

from src.core.messages.insights import RatingOutcomes
from src.web.pages.forms import message
from src.web.state import ask

from .blueprint import blueprint
from .views import page


@blueprint.get("/learning/mine")
def mine() -> str:
    """The reader's own ratings, each with what it did."""
    return page("mine", outcomes=ask(message(RatingOutcomes, cursor=request.args.get("cursor"))))
