"""The Flask application: the pages and the REST API over one orchestrator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask

from . import auth, csrf, errors, headers, state
from .api import make_api
from .streams import Streams

if TYPE_CHECKING:
    from src.bootstrap import Application

_MAX_PARTS = 10_100
_MAX_FORM_FIELD_BYTES = 2 * 2**20


def create_app(application: Application) -> Flask:
    """Build the web face of ``application``; who serves it closes ``state.of(app).streams`` at
    the end."""
    app = Flask("src.web", static_folder="static", template_folder="templates")
    _configure(app, application)
    open_streams = Streams.over(application)
    state.install(app, state.WebState(application, open_streams))
    errors.install(app)
    headers.install(app)
    auth.install(app)
    api = make_api()
    csrf.install(app, exempt=api)
    for blueprint in api:
        app.register_blueprint(blueprint)
    register_pages(app)
    return app


def register_pages(app: Flask) -> None:
    """Put the pages on ``app``."""
    from src.web.pages import register

    register(app)


def _configure(app: Flask, application: Application) -> None:
    settings = application.settings
    app.config.update(
        SECRET_KEY=application.secret_key,
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=_MAX_FORM_FIELD_BYTES,
        MAX_FORM_PARTS=_MAX_PARTS,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=settings.token_lifetime_s),
        SESSION_COOKIE_NAME="stoa_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.secure_cookies,
    )
