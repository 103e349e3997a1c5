"""What a view may reach: the Application, the caller, and the one way to ask."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from flask import Flask, current_app, g, request
from flask_login import current_user

from src.core.caller import Caller
from src.core.context import Context, new_correlation
from src.core.errors import NotFoundError, UnauthenticatedError
from src.core.messages.accounts import User
from src.core.messages.base import Message, Request

if TYPE_CHECKING:
    from src.bootstrap import Application

    from .streams import Streams

log = logging.getLogger(__name__)

R = TypeVar("R")

REQUEST_ID_HEADER = "X-Request-ID"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXTENSION = "stoa"


@dataclass(frozen=True)
class WebState:
    """What the web face holds for as long as it runs."""

    application: Application
    streams: Streams


def install(app: Flask, state: WebState) -> None:
    """Give the views of ``app`` their state, and every request its correlation id."""
    app.extensions[_EXTENSION] = state
    app.before_request(_take_request_id)


def of(app: Flask) -> WebState:
    """The state of ``app``, for who serves it."""
    return cast(WebState, app.extensions[_EXTENSION])


def application() -> Application:
    """The Application that this request is served by."""
    return _state().application


def streams() -> Streams:
    """The open streams of this server."""
    return _state().streams


def _state() -> WebState:
    return of(current_app)


def _take_request_id() -> None:
    given = request.headers.get(REQUEST_ID_HEADER, "")
    g.correlation_id = given if _REQUEST_ID.fullmatch(given) else new_correlation()


def correlation_id() -> str:
    """The id that this request and all it sets off share: the client's `X-Request-ID`, or a new one."""
    if "correlation_id" not in g:
        g.correlation_id = new_correlation()
    return cast(str, g.correlation_id)


def caller() -> Caller:
    """Who asks: the owner of the bearer token in the API, of the session in a page."""
    if "caller" in g:
        return cast(Caller, g.caller)
    user = getattr(current_user, "user", None)
    return caller_of(user) if isinstance(user, User) else Caller.anonymous()


def caller_of(user: User) -> Caller:
    """The caller that a signed-in user is."""
    return Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))


def still_admitted() -> Callable[[], bool]:
    """How to ask later, outside of this request, whether the one who asks now is still signed in, and in the
    same roles."""
    asking, proof, served = caller(), cast("Request[User] | None", g.get("proof")), application()

    def still() -> bool:
        if proof is None:
            return True
        try:
            user = served.orchestrator.ask(proof, served.orchestrator.context(Caller.anonymous()))
        except (UnauthenticatedError, NotFoundError):
            return False
        except Exception:  # a database that is away says nothing about the reader
            log.exception("whether a stream's reader is still admitted could not be asked; asking again")
            return True
        return caller_of(user) == asking

    return still


def context(caller_: Caller | None = None, *, emit: Callable[[Message], None] | None = None) -> Context:
    """The context of a request made for the one who asks, or for ``caller_``."""
    return application().orchestrator.context(caller_ or caller(), correlation_id=correlation_id(), emit=emit)


def ask(message: Request[R]) -> R:
    """Have ``message`` handled for the one who asks; raises what the handler raises."""
    return application().orchestrator.ask(message, context())
