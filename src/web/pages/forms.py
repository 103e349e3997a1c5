"""From a form to a typed message."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from src.core.errors import AppError
from src.core.messages.base import Request
from src.web.problems import invalid

M = TypeVar("M", bound=Request[Any])


def message(kind: type[M], /, *, keep: tuple[str, ...] = (), **values: object) -> M:
    """The message made of ``values``; empty text counts as not given, but for the fields in ``keep``.

    Raises InvalidRequestError that names the bad fields.
    """
    given = {name: value for name, value in values.items() if value not in (None, "") or name in keep}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise invalid(error) from None


def field_errors(error: AppError) -> dict[str, str]:
    """What is wrong with each field, by its name."""
    return {bad.field: bad.detail for bad in error.fields}


def words(text: str) -> tuple[str, ...] | None:
    """The lines or comma-separated parts of a text field; None where there are none."""
    parts = tuple(part.strip() for part in text.replace(",", "\n").splitlines() if part.strip())
    return parts or None
