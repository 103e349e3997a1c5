"""Signing in: sessions for the pages, bearer tokens for the API."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request, session
from flask_login import LoginManager, UserMixin, login_user, logout_user
from pydantic import SecretStr, ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from src.core.caller import Caller
from src.core.errors import NotFoundError, UnauthenticatedError
from src.core.messages.accounts import Authenticate, FindUser, SignIn, User

from . import state

SIGN_IN_PATH = "/login"
_SINCE = "since"


class SessionUser(UserMixin):  # type: ignore[misc]  # Flask-Login is untyped
    """The user of a page session, as Flask-Login keeps it."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return self.user.id


def install(app: Flask) -> None:
    """Load the user of a session; who is not signed in is sent to the sign-in page."""
    manager = LoginManager(app)
    manager.user_loader(_load)
    manager.unauthorized_handler(_send_to_sign_in)


def sign_in(username: str, password: str) -> User:
    """Check the password and begin a session; raises UnauthenticatedError or TooManyRequestsError."""
    user = state.application().orchestrator.ask(
        SignIn(username=username, password=SecretStr(password), address=request.remote_addr or ""),
        state.context(Caller.anonymous()),
    )
    session.clear()  # nothing that was planted before the sign-in outlives it
    session.permanent = True
    begin_anew()
    login_user(SessionUser(user))
    return user


def begin_anew() -> None:
    """Have this session count from now: it outlives a change of the password that was made in it."""
    session[_SINCE] = state.application().clock.now().isoformat()


def sign_out() -> None:
    """End the session."""
    logout_user()
    session.clear()


def take_bearer() -> None:
    """Make the owner of the request's bearer token the caller; raises UnauthenticatedError."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Send a header 'Authorization: Bearer …' with a token of POST /api/v1/auth/token "
            "or a personal one."
        )
    try:
        message = Authenticate(token=SecretStr(token.strip()))
    except ValidationError:
        raise UnauthenticatedError("The bearer token is not one of ours.") from None
    user = state.application().orchestrator.ask(message, state.context(Caller.anonymous()))
    g.proof = message
    g.caller = state.caller_of(user)


def _load(user_id: str) -> SessionUser | None:
    try:
        message = FindUser(user_id=user_id, since=session.get(_SINCE))
        user = state.application().orchestrator.ask(message, state.context(Caller.anonymous()))
    except (NotFoundError, UnauthenticatedError, ValidationError):
        return None
    g.proof = message
    return SessionUser(user)


def _send_to_sign_in() -> WerkzeugResponse:
    target = f"{SIGN_IN_PATH}?{urlencode({'next': request.full_path.rstrip('?')})}"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": SIGN_IN_PATH})
    if request.method not in {"GET", "HEAD"}:
        return redirect(SIGN_IN_PATH, code=303)
    return redirect(target)
