"""``learn golden``: questions with known right documents, from the terminal."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable
from src.cli.simulation.labelled import read_set

_BATCH = 500


def run(invocation: Invocation) -> int:
    """Add a folder in the BEIR layout, accept the question of a rating, list the sets, or delete one."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        found = _act(client, arguments)
    if arguments.json:
        print_json(found)
    elif arguments.action == "delete":
        console().print(f"{printable(found['id'])} was deleted.")
    elif arguments.action == "questions":
        _show_questions(found)
    elif not found:
        console().print("There are no golden sets.")
    else:
        for one in found:
            console().print(one["id"], style="bold", end="")
            console().print(
                f"  {printable(one['name'])}: {one['questions']} questions, may fall by {one['margin']:g}"
            )
            if one["unfound"]:
                console().print(
                    f"     {one['unfound']} of them measure nothing: none of their right documents is in the "
                    "collection.",
                    style="yellow",
                )
    return exits.OK


def _show_questions(questions: list[dict[str, Any]]) -> None:
    out = console()
    if not questions:
        out.print("There are no questions.")
    for one in questions:
        out.print(one["id"], style="bold", end="")
        out.print(f"  {printable(one['question'])}")
        right = ", ".join(printable(judged["external_id"]) for judged in one["judgments"])
        out.print(f"     {right}{'' if one['found'] else ', not in the collection'}", style="dim")


def _act(client: Client, arguments: Any) -> Any:
    if arguments.action in ("delete", "questions"):
        address = f"/golden-sets/{quote(arguments.id, safe='')}"
        if arguments.action == "questions":
            return list(client.items(f"{address}/questions", limit=500))
        one = arguments.question
        client.delete(f"{address}/questions/{quote(one, safe='')}" if one else address)
        return {"id": one or arguments.id}
    given = arguments.collection
    collection_id = id_of(client, given) if given is not None else None
    if arguments.action == "add":
        return [_add(client, str(collection_id), arguments)]
    if arguments.action == "accept":
        body = {"collection_id": collection_id, "rating_id": arguments.rating, "name": arguments.name}
        given = {name: value for name, value in body.items() if value is not None}
        return [client.post("/golden-sets:accept", given)]
    return list(client.items("/golden-sets", collection_id=collection_id, limit=500))


def _add(client: Client, collection_id: str, arguments: Any) -> Any:
    """Send the questions in requests of a moderate size; the same name adds to the same set."""
    labelled = read_set(Path(arguments.folder).expanduser(), with_documents=False)
    questions = iter(labelled.questions)
    made = None
    while batch := list(islice(questions, _BATCH)):
        made = client.post(
            "/golden-sets",
            {
                "collection_id": collection_id,
                "name": arguments.name or labelled.name,
                "margin": arguments.margin,
                "questions": [
                    {
                        "question": question.text,
                        "judgments": [
                            {"external_id": document, "grade": grade}
                            for document, grade in question.labels.items()
                        ],
                    }
                    for question in batch
                ],
            },
        )
    return made
