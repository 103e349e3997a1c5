"""Reading a request: path, query and body together make one validated message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from flask import request
from pydantic import ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import RequestEntityTooLarge

from src.core.errors import (
    FieldProblem,
    InvalidRequestError,
    MalformedBodyError,
    TooLargeError,
    UnsupportedMediaError,
)
from src.core.messages.base import Request
from src.web.problems import invalid

from .operation import Body, Operation
from .paging import Slice
from .uploads import uploaded_files

MAX_JSON_BYTES = 2**20
_LINES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)


def read(operation: Operation, places: Mapping[str, str]) -> Request[Any]:
    """The message that this HTTP request makes.

    Raises InvalidRequestError for bad fields, MalformedBodyError for a body that is not what its type
    says, UnsupportedMediaError for another type and TooLargeError.
    """
    given = {**_query(operation), **_body(operation)}
    if operation.whole_list:
        given = {name: value for name, value in given.items() if name not in Slice.model_fields}
    unexpected = [name for name in given if name not in operation.inputs]
    if unexpected:
        raise InvalidRequestError(
            f"The request holds what this call does not take: {', '.join(map(_quoted, unexpected[:5]))}.",
            fields=tuple(FieldProblem(name, "Unknown field") for name in unexpected[:100]),
        )
    try:
        return operation.request.model_validate({**given, **places, **operation.fixed})
    except ValidationError as error:
        raise invalid(error) from None


def _quoted(name: str) -> str:
    return repr(name[:60])


def _query(operation: Operation) -> dict[str, Any]:
    """The query's values where the call has no body; an empty value is an absent one."""
    if operation.takes is not Body.NONE:
        return {}
    values: dict[str, Any] = {}
    for name, texts in request.args.lists():
        present = [text for text in texts if text != ""]
        if present:
            several = len(present) > 1 or _is_list(operation.request, name)
            values[name] = present if several else present[0]
    return values


def _is_list(message: type[Request[Any]], name: str) -> bool:
    field = message.model_fields.get(name)
    if field is None:
        return False
    kinds = (field.annotation, *get_args(field.annotation))
    return any((get_origin(kind) or kind) in {tuple, list, frozenset, set} for kind in kinds)


def _body(operation: Operation) -> dict[str, Any]:
    match operation.takes:
        case Body.JSON:
            return _json()
        case Body.NDJSON:
            return {"body": _lines()}
        case Body.FILES:
            return {"files": uploaded_files()}
        case Body.NONE:
            # What a DELETE is about may stand in its query or in a body: not every client can send both.
            return _json() if operation.method == "DELETE" and operation.inputs else {}


def _content(limit: int | None = None) -> bytes:
    if limit is not None:
        request.max_content_length = limit
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLargeError(f"The body is larger than {request.max_content_length} bytes.") from None


def _json() -> dict[str, Any]:
    content = _content(MAX_JSON_BYTES)
    if not content:
        return {}
    if not (request.mimetype == Body.JSON.value or request.mimetype.endswith("+json")):
        raise wrong_type(Body.JSON.value)
    try:
        value = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedBodyError(f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise InvalidRequestError(
            "The body must be a JSON object.", fields=(FieldProblem("body", "Must be a JSON object"),)
        )
    return value


def _lines() -> bytes:
    if request.mimetype not in _LINES:
        raise wrong_type(Body.NDJSON.value)
    return _content()


def wrong_type(wanted: str) -> UnsupportedMediaError:
    """The refusal of a body that is not ``wanted``."""
    got = request.mimetype or "no content type"
    return UnsupportedMediaError(f"Send the body as {wanted}; this request says {got[:100]!r}.")
