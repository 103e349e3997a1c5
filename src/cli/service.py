"""The web face of an Application in this process: an address that answers, and its orderly end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from src.web import state
from src.web.app import create_app
from src.web.server import WebServer

if TYPE_CHECKING:
    from src.bootstrap import Application

ANSWERS_END_S = 2.5
GRACE_S = 3.0


class Service:
    """Binds the address at once and answers from ``serve`` or ``start`` on.

    Raises ConfigurationError where the address cannot be bound.
    """

    def __init__(self, application: Application, *, host: str, port: int) -> None:
        settings = application.settings
        app = create_app(application)
        self._streams = state.of(app).streams
        self._server = WebServer(
            app,
            host=host,
            port=port,
            threads=settings.web_threads + settings.max_streams,
            max_body_bytes=settings.max_request_bytes,
        )
        self._thread: threading.Thread | None = None
        self.url = self._server.url

    def serve(self) -> None:
        """Answer requests until ``stop``; streams are ended then, and running requests finished."""
        self._server.serve(before_stop=lambda: self._streams.close(ANSWERS_END_S), grace_s=GRACE_S)

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.serve, name="web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make ``serve`` return, and wait for the thread of ``start``."""
        self._server.stop()
        if self._thread is not None:
            self._thread.join()
