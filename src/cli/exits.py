"""The exit codes of every verb; ``--help`` explains them."""

from __future__ import annotations

from src.core.errors import AppError, ConfigurationError, InvalidRequestError

OK = 0
FAILED = 1
USAGE = 2
CONFIGURATION = 3
REFUSED = 4
UNREACHABLE = 5
INTERRUPTED = 130

MEANINGS = (
    (OK, "done"),
    (FAILED, "it failed, in part or as a whole"),
    (USAGE, "the command line, or a value that was given, is wrong"),
    (CONFIGURATION, "the settings or the machine do not allow it"),
    (REFUSED, "not found, or not allowed"),
    (UNREACHABLE, "the server cannot be reached"),
    (INTERRUPTED, "interrupted"),
)

_REFUSALS = frozenset({401, 403, 404})


class UnreachableError(AppError):
    """There is no answer from the server."""

    code = "unreachable"
    title = "The server cannot be reached"


class UsageError(AppError):
    """The command line asks for something that cannot be."""

    code = "usage"
    title = "The command line is wrong"


def code_of(error: AppError) -> int:
    """The exit code that tells of ``error``."""
    if isinstance(error, ConfigurationError):
        return CONFIGURATION
    if isinstance(error, UnreachableError):
        return UNREACHABLE
    if isinstance(error, UsageError) or error.code == InvalidRequestError.code:
        return USAGE
    return REFUSED if error.status in _REFUSALS else FAILED
