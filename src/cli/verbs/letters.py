"""``dead-letters``: the events that an agent gave up, from the terminal."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from src.cli import exits
from src.cli.client import Client
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable


def run(invocation: Invocation) -> int:
    """Carry out the action and print the dead letters that it is about."""
    arguments = invocation.arguments
    with connect(invocation, work=arguments.action == "replay") as client:
        result = _act(client, arguments)
    if arguments.json:
        print_json(result)
    elif isinstance(result, list):
        _show(result)
    else:
        past = {"replay": "is delivered again", "delete": "was deleted"}[arguments.action]
        console().print(f"{printable(arguments.id)} {past}.")
    return exits.OK


def _act(client: Client, arguments: Any) -> Any:
    """The list for ``list``, the letter for ``replay``, and the id alone for ``delete``."""
    if arguments.action == "list":
        return list(client.items("/dead-letters", group=arguments.agent))
    path = f"/dead-letters/{quote(arguments.id, safe='')}"
    if arguments.action == "replay":
        return client.post(f"{path}:replay")
    client.delete(path)
    return {"id": arguments.id}


def _show(letters: list[dict[str, Any]]) -> None:
    out = console()
    if not letters:
        out.print("There are no dead letters.")
    for letter in letters:
        out.print(letter["id"], style="bold", end="")
        times = "once" if letter["attempts"] == 1 else f"{letter['attempts']} times"
        out.print(f"  {letter['at'][:19]}Z  {printable(letter['topic'])}, tried {times} by {letter['group']}")
        out.print(f"     {printable(letter['cause'])}", style="dim")
