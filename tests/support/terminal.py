"""The terminal, as it is used against a running application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from src.cli.main import main
from src.cli.service import Service
from src.core.messages.accounts import CreatePersonalToken
from tests.support.application import House

Typed = Callable[..., str]
"""Takes arguments and the ``code`` to end with (0); returns what is printed, beside 0 with the complaints."""


@contextmanager
def reachable(house: House) -> Iterator[dict[str, str]]:
    """The environment in which the terminal reaches the application, as its administrator."""
    service = Service(house.application, host="127.0.0.1", port=0)
    service.start()
    token = house.ask(CreatePersonalToken(name="terminal")).token
    assert token is not None
    try:
        yield {"STOA_URL": service.url, "STOA_TOKEN": token, "STOA_CONFIG": ""}
    finally:
        service.stop()


def typing(environment: dict[str, str], capsys: pytest.CaptureFixture[str], *verbs: str) -> Typed:
    """Types these verbs and what follows them."""

    def typed(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        ended = main([*verbs, *arguments], environment)
        printed = capsys.readouterr()
        assert ended == code, printed.err
        return printed.out if code == 0 else printed.out + printed.err

    return typed
