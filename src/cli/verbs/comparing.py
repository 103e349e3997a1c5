"""``learn compare``: another way to answer, for half of a collection's readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from src.cli import exits
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import print_json
from src.core.errors import InvalidRequestError

from .trials import show_experiment, show_plan

_TEMPLATES = ("standard", "quoting")


def run(invocation: Invocation) -> int:
    """Begin a comparison and print what to expect of it."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        if arguments.plan:
            return show_plan(client, "ab", arguments)
        body = {
            "collection_id": id_of(client, arguments.collection),
            "method": "ab",
            "variant": _variant(arguments) or None,
            "model_id": arguments.model,
            "aa": arguments.aa,
            "share": arguments.share,
        }
        made = client.post("/experiments", {name: value for name, value in body.items() if value is not None})
    if arguments.json:
        print_json(made)
    else:
        show_experiment(made)
    return exits.OK


def _variant(arguments: Any) -> list[dict[str, Any]]:
    """The settings that were named, as the API takes them."""
    named: dict[str, dict[str, Any] | None] = {
        "template": _template(arguments.template),
        "model": _given("name", arguments.language_model),
        "style": _given("style", arguments.style),
        "evidence": _given("least", arguments.evidence),
        "passages": _given("k", arguments.passages),
        "rewriting": _given("by", arguments.rewriting),
        "memory": _given("used", None if arguments.memory is None else arguments.memory == "on"),
    }
    return [{"kind": kind, **fields} for kind, fields in named.items() if fields is not None]


def _given(field: str, value: object) -> dict[str, Any] | None:
    return None if value is None else {field: value}


def _template(given: str | None) -> dict[str, Any] | None:
    """A template by its name, or the text of a file. Raises InvalidRequestError where it cannot be read."""
    if given is None or given in _TEMPLATES:
        return _given("name", given)
    try:
        return {"text": Path(given).read_text(encoding="utf-8")}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"The template {given} cannot be read: {error}") from error
