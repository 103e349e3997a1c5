"""Paging of the short lists that agents return whole."""

from __future__ import annotations

from typing import Any

from flask import request
from pydantic import Field, ValidationError

from src.core.messages.base import Message, Page
from src.core.messages.lists import Limit
from src.web.problems import invalid


class Slice(Message):
    """The part of a whole list that was asked for; its cursor is an offset."""

    limit: Limit = 500
    cursor: str = Field(
        "0", pattern=r"^\d{1,9}$", description="The `next` of the page before, to go on from there."
    )


def slice_asked() -> Slice:
    """The part that the query names, whatever else it holds; raises InvalidRequestError."""
    given = {name: text for name in Slice.model_fields if (text := request.args.get(name, ""))}
    try:
        return Slice.model_validate(given)
    except ValidationError as error:
        raise invalid(error) from None


def cut(page: Page[Any], part: Slice) -> Page[Any]:
    """The part of ``page``, with the cursor of the part after it."""
    start = int(part.cursor)
    end = start + part.limit
    following = str(end) if end < len(page.items) else None
    return page.model_copy(update={"items": page.items[start:end], "next": following})
