"""``ask``: an answer that is written while one reads, and what it rests on."""

from __future__ import annotations

import sys
from typing import Any

from src.cli import exits
from src.cli.client import ApiError, Client
from src.cli.collections import ids_of
from src.cli.connection import connect
from src.cli.exits import UnreachableError
from src.cli.main import Invocation
from src.cli.output import console, place, print_json, printable


def run(invocation: Invocation) -> int:
    """Print the answer with its citations; an answer that says it does not know is still one."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        body = {
            "question": arguments.question,
            "collection_ids": ids_of(client, arguments.collection),
            "conversation_id": arguments.conversation,
            "style": arguments.style,
            "k": arguments.k,
            "filters": {"path": arguments.path} if arguments.path else None,
        }
        given = {name: value for name, value in body.items() if value is not None}
        if arguments.json:
            print_json(client.post("/ask", given))
        else:
            _show_sources(_stream(client, given))
    return exits.OK


def _stream(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    for name, data in client.events("POST", "/ask:stream", body):
        if name == "delta":
            sys.stdout.write(printable(data["text"]))
            sys.stdout.flush()
        elif name == "error":
            sys.stdout.write("\n")
            raise ApiError(data, int(data["status"]))
        elif name == "done":
            sys.stdout.write("\n")
            return dict(data)
    raise UnreachableError("The server ended the answer early; ask again.")


def _show_sources(answer: dict[str, Any]) -> None:
    out = console()
    if answer["citations"]:
        out.print()
    for citation in answer["citations"]:
        where = place(citation["location"], citation["title"] or citation["external_id"])
        out.print(f"[{citation['marker']}] ", style="bold cyan", end="")
        out.print(printable(where))
    aside = console(error=True)
    if answer["notice"]:
        aside.print(printable(answer["notice"]), style="yellow")
    aside.print(
        f"{answer['model']} · answer {answer['answer_id']} · conversation {answer['conversation_id']}",
        style="dim",
    )
