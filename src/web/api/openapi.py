"""The OpenAPI 3.1 document, made from the table of operations and the messages' own schemas."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from src import __version__
from src.core.errors import AppError
from src.core.messages.console import Health
from src.core.passages import Location
from src.web.problems import HTTP_CODES, Problem

from .entry import REFERENCE, Json, entry, health_paths
from .paging import Slice
from .table import OPERATIONS, PREFIX

_TAGS = {
    "accounts": "Signing in, users and personal tokens.",
    "collections": "What documents are gathered in.",
    "documents": "Adding, watching, reading and removing documents.",
    "sources": "Repositories and folders that a collection is kept up to date with.",
    "jobs": "Long work: watching and cancelling it.",
    "questions": "Searching, asking and the stored answers.",
    "feedback": "Rating answers, citations and hits; what readers said and did.",
    "learning": "Models that rank, and the proof of what is better.",
    "console": "Agents, events, dead letters, activities and indexes.",
    "health": "For whoever watches over the server.",
}
_DESCRIPTION = (
    "Question answering over a team's code and documents, with citations. Errors are problem documents "
    "(RFC 9457). Lists are `{items, next}`: pass `next` as `cursor` to go on. Times are ISO 8601 in UTC, "
    "ids are opaque. Send a header `X-Request-ID` to find a request again in the server's log."
)


def make_document() -> Json:
    """The whole document; it depends on nothing but the code."""
    schemas = _schemas()
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = entry(operation, schemas)
    paths.update(health_paths())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stoa", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A JWT of `POST /api/v1/auth/token`, or a personal token (`stoa_…`).",
                }
            },
            "schemas": _in_markdown(_used(schemas, paths)),
        },
    }


def problem_codes() -> list[tuple[str, int, str]]:
    """Every general problem code with its status and its meaning."""
    found: dict[str, tuple[str, int, str]] = {}
    pending: list[type[AppError]] = [AppError]
    while pending:
        kind = pending.pop(0)
        pending.extend(kind.__subclasses__())
        if kind.__module__ == AppError.__module__:
            meaning = (inspect.getdoc(kind) or "").split("\n", 1)[0]
            found.setdefault(kind.code, (kind.code, kind.status, meaning))
    for status, (code, meaning) in HTTP_CODES.items():
        found[code] = (code, status, meaning)
    found["csrf"] = ("csrf", 400, "A form of a page was sent without its token.")
    return sorted(found.values(), key=lambda row: (row[1], row[0]))


def _schemas() -> Json:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (Problem, "serialization"),
        (Health, "serialization"),
        (Slice, "validation"),
    ]
    for operation in OPERATIONS:
        models.append((operation.request, "validation"))
        replies = [operation.reply, *(operation.parts or {}).values()]
        models.extend((reply, "serialization") for reply in replies if reply is not None)
    _, document = models_json_schema(list(dict.fromkeys(models)), ref_template=REFERENCE + "{model}")
    schemas: Json = document["$defs"]
    # Its serializer leaves out what is not set, which hides its fields from the generator.
    schemas["Location"] = {**Location.model_json_schema(), "additionalProperties": True}
    return schemas


def _used(schemas: Json, paths: Json) -> Json:
    """The schemas that the paths lead to; what a query or a path holds is described there already."""
    found: Json = {}
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting.extend(_references(schemas[name]))
    return dict(sorted(found.items()))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix(REFERENCE)
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _references(part)


def _in_markdown(value: Any) -> Any:
    """Docstrings mark code with two backticks, Markdown with one; generated titles say nothing new."""
    if isinstance(value, dict):
        return {
            key: part.replace("``", "`")
            if key == "description" and isinstance(part, str)
            else _in_markdown(part)
            for key, part in value.items()
            if not (key == "title" and isinstance(part, str))
        }
    if isinstance(value, list):
        return [_in_markdown(part) for part in value]
    return value
