"""The OpenAPI document and the page to read it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup, escape

from .openapi import make_document, problem_codes
from .table import PREFIX


def make_documentation() -> Blueprint:
    """The document at `openapi.json` and the page at `docs`, both for everyone."""
    blueprint = Blueprint(
        "api_docs",
        __name__,
        url_prefix=PREFIX,
        template_folder="templates",
        static_folder="static",
        static_url_path="/docs/static",
    )
    blueprint.get("/openapi.json")(document)
    blueprint.get("/docs")(page)
    return blueprint


@cache
def document_text() -> str:
    """The document as it is sent and frozen: indented, its keys in the order they were made in."""
    return json.dumps(make_document(), indent=1, ensure_ascii=False) + "\n"


def document() -> Response:
    return Response(document_text(), content_type="application/json")


def page() -> str:
    described = json.loads(document_text())
    return render_template(
        "api/docs.html",
        document=described,
        groups=_groups(described),
        problems=problem_codes(),
        shape=_shape,
    )


def _groups(described: dict[str, Any]) -> list[dict[str, Any]]:
    groups = {tag["name"]: {**tag, "calls": []} for tag in described["tags"]}
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            groups[call["tags"][0]]["calls"].append({**call, "path": path, "method": method.upper()})
    return list(groups.values())


def _shape(schema: dict[str, Any]) -> Markup:
    """A schema in one line, its named parts linked."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return Markup('<a href="#schema-{0}">{1}</a>').format(name, _readable(name))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return Markup(" or ").join(_shape(choice) for choice in schema[key])
    if "enum" in schema:
        return Markup(" | ").join(Markup('"{}"').format(value) for value in schema["enum"])
    if "const" in schema:
        return Markup('"{}"').format(schema["const"])
    if schema.get("type") == "array":
        inner = schema.get("items") or {}
        return Markup("list of {}").format(_shape(inner)) if inner else Markup("list")
    kind = schema.get("type", "anything")
    named = " or ".join(kind) if isinstance(kind, list) else kind
    limits = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("format", "as"),
        )
        if key in schema
    ]
    return escape(f"{named} ({', '.join(limits)})" if limits else named)


def _readable(name: str) -> str:
    return name.replace("Page_", "Page of ").rstrip("_")
