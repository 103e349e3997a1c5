"""What a person decides about models."""

from __future__ import annotations

from flask import Response, request, url_for

from src.core.messages.models import ModelRole, PromoteModel, ProposeChunker, RejectModel, RollBackModel
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint


@blueprint.post("/learning/models/<model_id>/promote")
def promote(model_id: str) -> Response:
    """Make a model the live one."""
    model = ask(message(PromoteModel, model_id=model_id, reason=request.form.get("reason")))
    does = "ranks" if model.role is ModelRole.RANKING else "answers"
    return moved(url_for("learning.model", model_id=model_id), f"Version {model.version} {does} from now on.")


@blueprint.post("/learning/collections/<collection_id>/chunkers")
def propose_chunker(collection_id: str) -> Response:
    """Have documents cut otherwise in an index of their own, and compare it."""
    model = ask(
        message(
            ProposeChunker,
            collection_id=collection_id,
            tokens=request.form.get("tokens"),
            overlap=request.form.get("overlap"),
            switch=request.form.get("switch"),
        )
    )
    return moved(
        url_for("learning.model", model_id=model.id),
        f"Version {model.version} is a candidate; its index is being built.",
    )


@blueprint.post("/learning/models/<model_id>/reject")
def reject(model_id: str) -> Response:
    """Put a model that waits aside."""
    model = ask(message(RejectModel, model_id=model_id, reason=request.form.get("reason")))
    return moved(url_for("learning.model", model_id=model_id), f"Version {model.version} is put aside.")


@blueprint.post("/learning/models/<model_id>/return")
def roll_back(model_id: str) -> Response:
    """Return from the live model to the one before it."""
    model = ask(message(RollBackModel, model_id=model_id, reason=request.form.get("reason")))
    does = "ranks" if model.role is ModelRole.RANKING else "answers"
    return moved(url_for("learning.model", model_id=model_id), f"The version before {does} again.")
