"""Failures as problem documents (RFC 9457): the one form in which the HTTP face tells of them."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask_wtf.csrf import CSRFError
from pydantic import Field, ValidationError
from werkzeug.exceptions import HTTPException

from src.core.errors import AppError, FieldProblem, InvalidRequestError
from src.core.messages.base import Reply
from src.core.shortage import shortage

MEDIA_TYPE = "application/problem+json"
HTTP_CODES = {
    400: ("malformed_request", "The request is not proper HTTP, or not what a browser would send."),
    404: ("not_found", "There is no such thing, or the caller may not know that there is."),
    405: ("method_not_allowed", "The path exists, but not with this method."),
    413: ("too_large", "What was sent is larger than a configured limit."),
    431: ("headers_too_large", "The headers are larger than the server takes."),
    500: ("internal", "A fault of the server; its log tells more under the request's id."),
    501: ("not_implemented", "The transfer encoding is not known."),
}
"""The code and its meaning for each status that is answered before a call is reached."""

_SECRET_SIZE = re.compile(r"^Value should have (at (?:least|most) \d+) items after validation.*$")
"""How pydantic tells of a secret's length: as of a list's."""


class BadField(Reply):
    """One bad field of the request."""

    field: str = Field(description="Where it is, its parts joined with dots")
    detail: str


class Problem(Reply):
    """Why a request failed (RFC 9457)."""

    type: str = Field(description="A reference to the explanation of `code`")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, for programs")
    request_id: str = Field(description="Names this request in the server's log")
    errors: tuple[BadField, ...] = Field((), description="The bad fields of a request that is not valid")


def problem_of(error: Exception, request_id: str) -> Problem:
    """The problem that tells of ``error``; an unexpected one gives nothing away but the request's id."""
    if not isinstance(error, AppError):
        error = shortage(error) or error
    if isinstance(error, AppError):
        return Problem(
            type=type_of(error.code),
            title=error.title,
            status=error.status,
            detail=error.detail,
            code=error.code,
            request_id=request_id,
            errors=tuple(BadField(field=bad.field, detail=bad.detail) for bad in error.fields),
        )
    if isinstance(error, HTTPException):
        status = error.code or 500
        code = "csrf" if isinstance(error, CSRFError) else http_code(status)
        return Problem(
            type=type_of(code),
            title=error.name,
            status=status,
            detail=_detail(error, status),
            code=code,
            request_id=request_id,
        )
    return Problem(
        type=type_of("internal"),
        title=AppError.title,
        status=500,
        detail=f"This is a fault of the server. Its log tells more under the request id {request_id}.",
        code="internal",
        request_id=request_id,
    )


def _detail(error: HTTPException, status: int) -> str:
    """What the error says of itself, or our meaning of its status where it says what all of its kind do."""
    if error.description == type(error).description and status in HTTP_CODES:
        return HTTP_CODES[status][1]
    return error.description or error.name


def http_code(status: int) -> str:
    """The code of a failure of which only the status is known."""
    return HTTP_CODES[status][0] if status in HTTP_CODES else HTTPStatus(status).name.lower()


def type_of(code: str) -> str:
    """Where the problem code is explained."""
    return f"/api/v1/docs#problem-{code}"


def invalid(error: ValidationError, *, prefix: tuple[str, ...] = ()) -> InvalidRequestError:
    """A request that pydantic refused, with its bad fields."""
    fields = tuple(
        FieldProblem(
            ".".join(str(part) for part in (*prefix, *bad["loc"])) or "body",
            _SECRET_SIZE.sub(r"Should have \1 characters", bad["msg"].removeprefix("Value error, ")),
        )
        for bad in error.errors(include_url=False, include_input=False, include_context=False)
    )
    named = ", ".join(dict.fromkeys(field.field for field in fields))
    return InvalidRequestError(f"The request is not valid; look at: {named}.", fields=fields)
