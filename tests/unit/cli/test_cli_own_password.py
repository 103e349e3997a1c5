"""One's own password from the terminal: commands against a real server, one of them on a real terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.errors import UnauthenticatedError
from src.core.messages.accounts import CreatePersonalToken, CreateUser, SignIn
from tests.support.application import House, make_settings, running
from tests.support.terminal import typing

RUN = Path(__file__).resolve().parents[3] / "run.py"
OLD, NEW, NEWEST = "a long password", "another long password", "yet another long one"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(make_settings(tmp_path_factory.mktemp("own") / "data"), worker=False) as application:
        yield House(application)


@pytest.fixture
def bea(house: House, environment: dict[str, str]) -> dict[str, str]:
    """The environment in which a reader reaches the server with a token of her own."""
    name = f"bea-{new_id()[-8:].lower()}"
    user = house.ask(CreateUser(username=name, password=SecretStr(OLD), roles=("reader",)))
    caller = Caller(user_id=user.id, username=name, roles=frozenset(user.roles))
    token = house.ask(CreatePersonalToken(name="terminal"), caller).token
    assert token is not None
    return {**environment, "STOA_TOKEN": token, "NAME": name}


def signs_in(house: House, name: str, password: str) -> bool:
    anonymous = house.application.orchestrator.context(Caller.anonymous())
    try:
        house.application.orchestrator.ask(SignIn(username=name, password=SecretStr(password)), anonymous)
    except UnauthenticatedError:
        return False
    return True


def test_ones_own_password_is_changed_for_the_current_one(
    house: House,
    bea: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = typing(bea, capsys, "user", "password")

    def given(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    given(f"guessed wrong\n{NEW}\n")
    assert "current_password" in run(code=2)
    given(f"{OLD}\nshort\n")
    assert "at least 8 characters" in run(code=2)
    given(f"{OLD}\n")
    assert "no password" in run(code=2)
    assert signs_in(house, bea["NAME"], OLD)
    given(f"{OLD}\n{NEW}\n")
    assert "Your password was changed" in run()
    assert signs_in(house, bea["NAME"], NEW)
    assert not signs_in(house, bea["NAME"], OLD)
    given(f"{NEW}\n{NEWEST}\n")
    assert json.loads(run("--json"))["username"] == bea["NAME"]
    assert signs_in(house, bea["NAME"], NEWEST)


def test_a_terminal_asks_for_the_passwords_and_shows_none(house: House, bea: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    seen = b""
    try:
        with subprocess.Popen(
            [sys.executable, str(RUN), "user", "password"],
            env={"PATH": os.environ["PATH"], **bea},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as asking:
            for prompt, password in ((b"Current", OLD), (b"New", NEW), (b"Once more", NEW)):
                while prompt not in seen:
                    seen += os.read(ours, 4096)
                os.write(ours, f"{password}\n".encode())
            while b"was changed" not in seen:
                seen += os.read(ours, 4096)
            assert asking.wait(20) == 0
    finally:
        os.close(theirs)
        os.close(ours)
    assert OLD.encode() not in seen
    assert NEW.encode() not in seen
    assert signs_in(house, bea["NAME"], NEW)
