"""The HTTP edge: every failure becomes a problem document, or a page where a person looks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import ceil
from typing import cast

from flask import Flask, Response, current_app, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from src.core.errors import AppError, TooManyRequestsError, UnauthenticatedError, UnavailableError
from src.core.shortage import shortage

from .problems import MEDIA_TYPE, Problem, problem_of
from .state import correlation_id

log = logging.getLogger(__name__)

ErrorPage = Callable[[Problem], Response]

_EXTENSION = "stoa_error_page"
_PROGRAM_PATHS = ("/api/", "/healthz", "/readyz", "/metrics", "/mcp")
_RETRY_AFTER_S = 5


def install(app: Flask) -> None:
    """Answer every failure of ``app`` in the form that its path calls for."""
    app.register_error_handler(AppError, _expected)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _unexpected)


def use_error_page(app: Flask, page: ErrorPage) -> None:
    """Show failures outside the API with ``page``, which answers a whole page or a part of one."""
    app.extensions[_EXTENSION] = page


def _expected(error: AppError) -> Response:
    if error.status >= 500:
        log.warning("%s: %s [%s]", error.code, error.detail, correlation_id())
    response = _answer(problem_of(error, correlation_id()))
    if isinstance(error, UnauthenticatedError):
        scheme = 'Bearer realm="Stoa"'
        given = request.headers.get("Authorization")
        response.headers["WWW-Authenticate"] = f'{scheme}, error="invalid_token"' if given else scheme
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(max(1, ceil(error.retry_after_s)))
    elif isinstance(error, UnavailableError):
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response


def _of_http(error: HTTPException) -> Response:
    response = _answer(problem_of(error, correlation_id()))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _unexpected(error: Exception) -> Response:
    told = shortage(error)
    if told is not None:
        return _expected(told)
    log.exception("%s %s failed [%s]", request.method, request.path, correlation_id())
    return _answer(problem_of(error, correlation_id()))


def _answer(problem: Problem) -> Response:
    if request.path.startswith(_PROGRAM_PATHS):
        return problem_response(problem)
    page = cast(ErrorPage | None, current_app.extensions.get(_EXTENSION))
    return page(problem) if page else _plain_page(problem)


def problem_response(problem: Problem) -> Response:
    """The problem as the API sends it."""
    return Response(problem.model_dump_json(), status=problem.status, content_type=MEDIA_TYPE)


def _plain_page(problem: Problem) -> Response:
    text = f"<!doctype html><title>{escape(problem.title)}</title><h1>{escape(problem.title)}</h1>"
    return Response(f"{text}<p>{escape(problem.detail)}</p>", status=problem.status)
