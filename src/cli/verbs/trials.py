"""``learn models`` and ``learn experiments``: which model ranks and what is tried, from the terminal."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_LISTS = {"models": "/models", "experiments": "/experiments"}
_STATES = {"live": "green", "rejected": "red", "running": "green"}


def run(invocation: Invocation) -> int:
    """Print the models or experiments, or what became of the one that was decided on."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        if arguments.action == "try" and arguments.plan:
            return show_plan(client, "interleaving", arguments)
        found = _act(client, arguments)
    if arguments.json:
        print_json(found)
        return exits.OK
    shown = found if isinstance(found, list) else [found]
    if not shown:
        console().print(f"There are no {arguments.action}.")
    for one in shown:
        (show_model if "version" in one else show_experiment)(one)
    return exits.OK


def _act(client: Client, arguments: Any) -> Any:
    action = arguments.action
    if action in _LISTS:
        given = arguments.collection
        collection_id = id_of(client, given) if given is not None else None
        return list(client.items(_LISTS[action], collection_id=collection_id, limit=500))
    if action == "experiment":
        return client.get(f"/experiments/{quote(arguments.id, safe='')}")
    if action == "try":
        body = {
            "collection_id": id_of(client, arguments.collection),
            "model_id": arguments.model,
            "weights": _weights(arguments),
            "aa": arguments.aa,
            "share": arguments.share,
        }
        return client.post("/experiments", {name: value for name, value in body.items() if value is not None})
    if action == "chunker":
        given = {"tokens": arguments.tokens, "overlap": arguments.overlap, "switch": arguments.switch}
        address = f"/collections/{id_of(client, arguments.collection)}/chunkers"
        return client.post(address, {name: value for name, value in given.items() if value is not None})
    call = {
        "promote": "/models/{}:promote",
        "rollback": "/models/{}:rollback",
        "reject": "/models/{}:reject",
        "stop": "/experiments/{}:stop",
    }[action]
    body = {"reason": arguments.reason} if arguments.reason else {}
    return client.post(call.format(quote(arguments.id, safe="")), body)


def show_plan(client: Client, method: str, arguments: Any) -> int:
    """Print what a comparison would take, without starting it."""
    collection_id = id_of(client, arguments.collection)
    plan = client.get("/experiments:plan", collection_id=collection_id, method=method, share=arguments.share)
    if arguments.json:
        print_json(plan)
    else:
        console().print(plan["sentence"])
    return exits.OK


def show_model(one: dict[str, Any], *, why: bool = True) -> None:
    """Print which version it is and where it stands, and ``why``."""
    out = console()
    out.print(one["id"], style="bold", end="")
    out.print(f"  version {one['version']}  ", end="")
    out.print(one["state"], style=_STATES.get(one["state"], "yellow"), end="")
    out.print(f"  {one['changed_at'][:19]}Z  {printable(one['kind'])}")
    if why and one["reason"]:
        out.print(f"     {printable(one['reason'])}")


def show_experiment(one: dict[str, Any]) -> None:
    """Print a comparison: what it says, and what it rests on."""
    out = console()
    out.print(one["id"], style="bold", end="")
    out.print(f"  {one['purpose']}  ", end="")
    state = one["decision"] or ("running" if one["share"] else "paused")
    out.print(state, style=_STATES.get(state, "yellow"), end="")
    out.print(f"  {one['started_at'][:19]}Z  {_compared(one)}")
    sentence = one["reason"] or one["progress"].get("sentence")
    if sentence:
        out.print(f"     {printable(sentence)}")
    if one["state"] == "running" and one["power"].get("sentence"):
        out.print(f"     Before the start: {printable(one['power']['sentence'])}", style="dim")
    for arm in one["arms"]:
        rate = "not rated yet" if arm["rate"] is None else _rate(arm)
        out.print(f"     {arm['name']}: {rate}; {arm['answers']} answers to {arm['readers']} readers")
    if one["split"] is not None:
        out.print(f"     {printable(one['split']['sentence'])}")
    for guardrail in one["guardrails"]:
        out.print(f"     {printable(guardrail['sentence'])}", style="dim")
    for look in one["looks"]:
        out.print(f"     {look['at'][:19]}Z  {printable(look['sentence'])}", style="dim")


def _compared(one: dict[str, Any]) -> str:
    control, treatment = one["control_version"], one["treatment_version"]
    if one["control_id"] == one["treatment_id"]:
        return f"version {control} against itself"
    return f"version {treatment} against {control}"


def _weights(arguments: Any) -> dict[str, float] | None:
    named = {"lexical": arguments.words, "identifier": arguments.names}
    return {name: value for name, value in named.items() if value is not None} or None


def _rate(arm: dict[str, Any]) -> str:
    share, lower, upper = (f"{100 * arm[name]:.0f}" for name in ("rate", "lower", "upper"))
    return f"{share} % good ({lower} to {upper}) in {arm['ratings']} ratings"
