"""``all``, ``web`` and ``worker``: the long-running processes."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING

from src.cli import exits
from src.cli.connection import administrator_id
from src.cli.instance import Instance, announced, find
from src.cli.logs import log_to
from src.cli.main import Invocation
from src.cli.output import console, show_first_password
from src.core.errors import ConfigurationError
from src.core.settings import unknown_variables

if TYPE_CHECKING:
    from src.bootstrap import Application

log = logging.getLogger(__name__)

DRAIN_S = 5.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(invocation: Invocation) -> int:
    """Serve or work until a signal; a second one ends the process at once."""
    action = invocation.arguments.action
    settings = invocation.settings()
    other = find(settings.data_dir) if action != "worker" else None
    if other is not None:
        raise ConfigurationError(
            f"Stoa serves this data folder already, at {other.url} (process {other.pid}): use that, stop it, "
            "or set STOA_DATA_DIR to another folder."
        )
    from src.bootstrap import build, prepare_folder

    prepare_folder(settings.data_dir)  # before the log, which would make it for everybody's eyes
    log_to(
        settings.data_dir,
        level=settings.log_level,
        name="worker" if action == "worker" else "stoa",
        layout=settings.log_format,
    )
    for name in unknown_variables(invocation.environment):
        log.warning("no setting has the variable %s; it is ignored", name)
    with ExitStack() as stack:
        application = build(settings, show_password=show_first_password)
        stack.callback(application.close)
        if action == "worker":
            _work(application)
        else:
            _serve(application, stack, works=action == "all")
    return exits.OK


def _work(application: Application) -> None:
    ended = threading.Event()
    _on_signal(ended.set)
    application.prepare()
    application.start(worker=True)
    console(error=True).print("The agents are at work; end with Ctrl-C.")
    ended.wait()
    _drain(application)


def _serve(application: Application, stack: ExitStack, *, works: bool) -> None:
    from src.cli.service import Service

    from .watch import watch_first_jobs

    settings = application.settings
    service = Service(application, host=settings.host, port=settings.port)
    _on_signal(service.stop)
    if works:
        application.prepare()
    application.start(worker=works)
    instance = Instance(os.getpid(), service.url, administrator_id(application))
    stack.enter_context(announced(settings.data_dir, instance))
    console(error=True).print(f"Stoa is at {service.url} — sign in there.")
    if works:
        watcher = threading.Thread(target=watch_first_jobs, args=(application,), name="watch", daemon=True)
        watcher.start()
    print(f"ready {service.url}", flush=True)
    service.serve()
    _drain(application)


def _drain(application: Application) -> None:
    console(error=True).print("Stopping: what has begun is brought to a safe point.")
    application.drain(DRAIN_S)


def _on_signal(stop: Callable[[], None]) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        stop()

    for one in _SIGNALS:
        signal.signal(one, handle)
