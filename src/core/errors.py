"""Every failure that a user may see, each with a stable machine ``code``.

Handlers raise these and never return failure values. The HTTP edge turns one into a problem document
(RFC 9457) with ``status``; the terminal turns one into a line and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One bad field of a request: where it is and what is wrong with it."""

    field: str
    detail: str


class AppError(Exception):
    """An expected failure: ``detail`` says what happened and, where it helps, the next step."""

    code = "internal"
    status = 500
    title = "Something went wrong"

    def __init__(self, detail: str, *, fields: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class InvalidRequestError(AppError):
    """The request is not of the form that the message demands."""

    code = "invalid_request"
    status = 422
    title = "The request is not valid"


class UnknownCursorError(InvalidRequestError):
    """A list was asked to go on from where it never stopped."""

    def __init__(self) -> None:
        detail = "The cursor is not one that this list gave out."
        super().__init__(detail, fields=(FieldProblem("cursor", detail),))


class MalformedBodyError(AppError):
    """The body could not be read at all: not JSON, not the declared type, cut short."""

    code = "malformed_body"
    status = 400
    title = "The body could not be read"


class UnauthenticatedError(AppError):
    """No valid credentials came with the request."""

    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class ForbiddenError(AppError):
    """The caller is known but may not do this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class NotFoundError(AppError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"
    status = 404
    title = "Not found"


class ConflictError(AppError):
    """The request clashes with the state of things, for example a name that is taken."""

    code = "conflict"
    status = 409
    title = "Conflict"


class TooLargeError(AppError):
    """What was sent is larger than a configured limit."""

    code = "too_large"
    status = 413
    title = "Too large"


class UnsupportedMediaError(AppError):
    """A format that Stoa does not read."""

    code = "unsupported_media_type"
    status = 415
    title = "Format not supported"


class TooManyRequestsError(AppError):
    """A limit on attempts or open streams was reached; try again later."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_s: float = 5.0) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UnavailableError(AppError):
    """A part that the request needs is not ready or not reachable."""

    code = "unavailable"
    status = 503
    title = "Temporarily unavailable"


class UnreachableError(UnavailableError):
    """A service of ours fails or does not answer, and may come back by itself: jobs are tried again later."""


class DeadlineExceededError(AppError):
    """The request took longer than its deadline."""

    code = "deadline_exceeded"
    status = 504
    title = "Took too long"


class IndexMissingError(UnavailableError):
    """An index that SQL names as live is not in its store; ``reindex`` rebuilds it."""

    code = "index_missing"


class ModelError(UnavailableError):
    """A language model could not answer. ``code`` says why; the extractive answer takes over."""

    code = "model_unavailable"


class DocumentError(AppError):
    """A document cannot be ingested. ``stage`` and ``code`` are shown beside the document.

    ``retryable`` is False where the same bytes can never succeed (an encrypted PDF, an archive bomb).
    """

    code = "document_unreadable"
    status = 422
    title = "The document cannot be read"

    def __init__(self, code: str, detail: str, *, stage: str, retryable: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.stage = stage
        self.retryable = retryable


class SourceError(AppError):
    """A source (repository or folder) cannot be read. ``code`` is stable, ``detail`` is for people."""

    code = "source_unreadable"
    status = 422
    title = "The source cannot be read"

    def __init__(self, code: str, detail: str, *, fields: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail, fields=fields)
        self.code = code


class WebhookError(AppError):
    """A receiver of alerts could not be told, or did not take it."""

    code = "webhook_failed"
    status = 502
    title = "The receiver could not be told"


class ConfigurationError(AppError):
    """The settings or the machine do not allow Stoa to start; the message says what to do."""

    code = "configuration"


class WiringError(Exception):
    """The program is put together wrongly (two agents for one capability, and the like): a bug."""


class RetryLater(Exception):  # noqa: N818 - a control signal, not an error
    """Raised by an event handler that asks for another attempt without counting it as a failure."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(f"retry in {delay_s:g} s")
        self.delay_s = delay_s
