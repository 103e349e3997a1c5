"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from pydantic import ValidationError
from werkzeug.wrappers import Response

from src.core.errors import AppError, UnauthenticatedError
from src.web import auth

blueprint = Blueprint(
    "login",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/login",
)


@blueprint.get("/login")
def show() -> Response:
    """The form; who is signed in already goes on."""
    if current_user.is_authenticated:
        return redirect(_target(), code=303)
    return make_response(_form())


@blueprint.post("/login")
def enter() -> Response:
    """Check the password and go where the reader wanted to."""
    username, password = request.form.get("username", "").strip(), request.form.get("password", "")
    missing = {
        name: f"Enter your {name}."
        for name, value in (("username", username), ("password", password))
        if not value
    }
    if missing:
        return make_response(_form(username=username, errors=missing), 422)
    try:
        auth.sign_in(username, password)
    except (UnauthenticatedError, ValidationError):
        wrong = "The username or the password is wrong."
        return make_response(_form(username=username, failure=wrong), 401)
    except AppError as error:
        return make_response(_form(username=username, failure=error.detail), error.status)
    return redirect(_target(), code=303)


@blueprint.post("/logout")
def leave() -> Response:
    """End the session."""
    auth.sign_out()
    return redirect(url_for("login.show"), code=303)


def _form(username: str = "", failure: str | None = None, errors: dict[str, str] | None = None) -> str:
    return render_template(
        "login/index.html",
        username=username,
        failure=failure,
        errors=errors or {},
        next=safe_target(request.values.get("next")),
    )


def _target() -> str:
    return safe_target(request.values.get("next")) or url_for("ask.index")


def safe_target(wanted: str | None) -> str | None:
    """``wanted`` where it is a path of this site, else None.

    Browsers take ``//host`` and ``/\\host`` as another site and drop tabs and line ends before they
    look, so anything but a plain path is refused.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return None
    if any(ord(character) < 32 or character == "\\" for character in wanted):
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted
