"""Who may read or write in a collection besides its owner and administrators."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request, url_for

from src.core.messages.collections import Collection, ListMembers, Member, RemoveMember, SetMember
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask, caller

from .blueprint import blueprint


def members_of(collection: Collection) -> Sequence[Member] | None:
    """None for those who may not know: all but the owner and administrators."""
    who = caller()
    if not who.administers and (collection.owner is None or collection.owner != who.username):
        return None
    return ask(ListMembers(collection_id=collection.id, limit=500)).items


@blueprint.post("/collections/<collection_id>/members")
def set_member(collection_id: str) -> Response:
    """Let a user in, or change what a member may do."""
    member = ask(
        message(
            SetMember,
            collection_id=collection_id,
            username=request.form.get("username", "").strip(),
            may_write=request.form.get("may_write") == "1",
        )
    )
    does = "read and change" if member.may_write else "read"
    return moved(_page(collection_id), f"{member.username} may {does} this collection.")


@blueprint.post("/collections/<collection_id>/members/remove")
def remove_member(collection_id: str) -> Response:
    """Take a membership back."""
    username = request.form.get("username", "")
    ask(message(RemoveMember, collection_id=collection_id, username=username))
    return moved(_page(collection_id), f"{username} is no member any more.")


def _page(collection_id: str) -> str:
    return url_for("collections.show", collection_id=collection_id)
