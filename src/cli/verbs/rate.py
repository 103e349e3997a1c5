"""``rate``: say whether an answer, or one of its citations, was right."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from src.cli import exits
from src.cli.connection import connect
from src.cli.exits import UsageError
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_DETAILS = ("stars", "comment", "correction")


def run(invocation: Invocation) -> int:
    """Rate, change the rating, or take it back; raises UsageError for details that a citation has none of."""
    arguments = invocation.arguments
    body = {name: value for name in _DETAILS if (value := getattr(arguments, name)) is not None}
    if arguments.reason:
        body["reasons"] = arguments.reason
    path = f"/answers/{quote(arguments.answer, safe='')}"
    if arguments.citation is not None:
        path += f"/citations/{quote(arguments.citation, safe='')}"
    if body and (arguments.citation is not None or arguments.verdict == "none"):
        raise UsageError("Stars, reasons and words go with the rating of an answer as a whole.")
    with connect(invocation) as client:
        if arguments.verdict == "none":
            client.delete(f"{path}/feedback")
            result: dict[str, Any] = {"answer_id": arguments.answer, "verdict": None}
        else:
            result = client.post(f"{path}/feedback", {**body, "verdict": arguments.verdict})
    if arguments.json:
        print_json(result)
    else:
        console().print(_told(result))
    return exits.OK


def _told(result: dict[str, Any]) -> str:
    if result["verdict"] is None:
        return "The rating is taken back."
    told = f"Rated {result['verdict']}: {printable(result['question'])}"
    return f"{told} (held: {printable(result['held_reason'])})" if result["state"] == "held" else told
