"""The way to a server: the one that is named, the one that runs here, or one for the time of the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from src.core.errors import ConfigurationError

from .client import Client
from .instance import find
from .main import Invocation
from .output import show_first_password
from .tokens import local_token

if TYPE_CHECKING:
    from src.bootstrap import Application


@contextmanager
def connect(invocation: Invocation, *, work: bool = False) -> Iterator[Client]:
    """A client of the server at ``STOA_URL``, else of the one that owns the data folder, else of one that
    is started on a free loopback port and stopped afterwards; with ``work`` that one also runs agents.

    Raises ConfigurationError where ``STOA_URL`` stands without a token.
    """
    environment = invocation.environment
    if environment.get("STOA_URL"):
        yield Client(environment["STOA_URL"], _token(environment))
        return
    settings = invocation.settings()
    instance = find(settings.data_dir)
    if instance is not None:
        yield Client(instance.url, local_token(settings.data_dir, instance.user_id))
        return
    with ExitStack() as stack:
        from src.bootstrap import build

        from .service import Service

        application = build(settings, show_password=show_first_password)
        stack.callback(application.close)
        stack.callback(application.drain)
        service = Service(application, host="127.0.0.1", port=0)
        application.start(worker=work)
        stack.callback(service.stop)
        service.start()
        yield Client(service.url, local_token(settings.data_dir, administrator_id(application)))


def _token(environment: Mapping[str, str]) -> str:
    token = environment.get("STOA_TOKEN", "").strip()
    if not token:
        raise ConfigurationError(
            "STOA_URL names a server, which wants a token: make one on your account's page there, and put it "
            "into STOA_TOKEN."
        )
    return token


def administrator_id(application: Application) -> str:
    """The account as whom the machine's own user acts: the first enabled administrator.

    Raises ConfigurationError where there is none.
    """
    from src.core.caller import ADMIN, Caller
    from src.core.messages.accounts import ListUsers

    orchestrator = application.orchestrator
    cursor = None
    while True:
        page = orchestrator.ask(
            ListUsers(cursor=cursor, limit=500), orchestrator.context(Caller.agent("terminal"))
        )
        for user in page.items:
            if ADMIN in user.roles and not user.disabled:
                return user.id
        cursor = page.next
        if cursor is None:
            raise ConfigurationError("There is no enabled administrator to act as.")
