"""An operation of the API: one row of the table, and what follows from its request's type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, get_args

from src.core.messages.base import AccessLevel, Message, Page, Request

_PLACE = re.compile(r"\{(\w+)\}")


class Body(Enum):
    """What a request's body holds."""

    NONE = "nothing"
    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    FILES = "multipart/form-data"


@dataclass(frozen=True)
class Operation:
    """A call of the API and the message that it makes.

    ``path`` names the message's fields in braces; ``fixed`` are fields that the call itself sets, and
    ``hidden`` fields that it never sets. ``parts`` names the events of a stream with their types; a list
    with ``lines`` is also given whole, as JSON lines, where the client asks for them.
    """

    method: str
    path: str
    request: type[Request[Any]]
    tag: str
    status: int = 200
    body: Body | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    name: str = ""
    example: Mapping[str, Any] | None = None
    parts: Mapping[str, type[Message]] | None = None
    lines: bool = False

    @property
    def id(self) -> str:
        """The operation's unique name: its capability, unless several operations share one."""
        return self.name or self.request.capability

    @property
    def public(self) -> bool:
        """Whether it is answered without a token."""
        return self.request.access.level is AccessLevel.ANYONE

    @property
    def takes(self) -> Body:
        if self.body is not None:
            return self.body
        return Body.JSON if self.method in {"POST", "PATCH", "PUT"} and self.inputs else Body.NONE

    @property
    def places(self) -> tuple[str, ...]:
        """The fields that the path holds."""
        return tuple(_PLACE.findall(self.path))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The fields that the query or the body holds."""
        taken = {*self.places, *self.fixed, *self.hidden}
        return tuple(name for name in self.request.model_fields if name not in taken)

    @property
    def whole_list(self) -> bool:
        """Whether its agent returns a whole list, which the API cuts into pages."""
        reply = self.reply
        return reply is not None and issubclass(reply, Page) and "limit" not in self.request.model_fields

    @property
    def rule(self) -> str:
        """The path as Flask's routing wants it."""
        return _PLACE.sub(r"<id:\1>", self.path)

    @property
    def reply(self) -> type[Message] | None:
        return reply_type(self.request)


def reply_type(request: type[Request[Any]]) -> type[Message] | None:
    """The ``R`` of a ``Request[R]``; None where nothing is returned."""
    for base in request.__mro__:
        metadata = getattr(base, "__pydantic_generic_metadata__", None)
        if metadata and metadata["origin"] is Request:
            (reply,) = metadata["args"]
            return None if reply is type(None) else reply
    raise TypeError(f"{request.__name__} does not say what it returns: {get_args(request)}")
