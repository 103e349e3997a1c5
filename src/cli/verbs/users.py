"""``user``: accounts from the terminal."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.connection import connect
from src.cli.exits import UsageError
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable
from src.core.errors import NotFoundError


def run(invocation: Invocation) -> int:
    """Carry out the action and print the account, or all of them."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        result = _act(client, arguments)
    if arguments.json:
        print_json(result)
        return exits.OK
    if arguments.action == "delete":
        console().print(f"{printable(arguments.name)} was deleted, with all that they asked and rated.")
        return exits.OK
    if arguments.action == "password" and arguments.name is None:
        console().print("Your password was changed. Your sessions have ended; personal tokens stay.")
        return exits.OK
    for user in result if isinstance(result, list) else [result]:
        console().print(_line(user))
    return exits.OK


def _act(client: Client, arguments: Any) -> Any:
    match arguments.action:
        case "list":
            return list(client.items("/users"))
        case "add":
            body = {"username": arguments.name, "password": _password(), "roles": arguments.role}
            return client.post("/users", body)
        case "password" if arguments.name is None:
            return _change_own(client)
        case "password":
            return client.patch(_user(client, arguments.name), {"password": _password()})
        case "delete":
            path = _user(client, arguments.name)
            client.delete(path)
            return {"id": path.rpartition("/")[2], "username": arguments.name}
        case action:
            return client.patch(_user(client, arguments.name), {"disabled": action == "disable"})


def _user(client: Client, name: str) -> str:
    for user in client.items("/users"):
        if user["username"] == name:
            return f"/users/{user['id']}"
    raise NotFoundError(f"There is no user named {name}.")


def _change_own(client: Client) -> dict[str, Any]:
    user: dict[str, Any] = client.get("/me")
    asked = f"Current password of {printable(user['username'])}: "
    current = getpass.getpass(asked) if sys.stdin.isatty() else _line_given()
    client.put("/me/password", {"current_password": current, "new_password": _password("New password")})
    return user


def _password(name: str = "Password") -> str:
    """Asked for twice on a terminal, else the next line of standard input."""
    if not sys.stdin.isatty():
        return _line_given()
    first = getpass.getpass(f"{name} (at least 8 characters): ")
    if getpass.getpass("Once more: ") != first:
        raise UsageError("The two passwords differ; nothing was changed.")
    return first


def _line_given() -> str:
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise UsageError("There is no password on standard input; nothing was changed.")
    return given


def _line(user: dict[str, Any]) -> str:
    roles = ", ".join(user["roles"]) or "no roles"
    off = ", switched off" if user["disabled"] else ""
    return f"{printable(user['username'])}: {roles}{off}, since {user['created_at'][:10]}"
