"""What both hubs share: one thread that runs while there are subscribers."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

from src.core.signals import Signal

log = logging.getLogger(__name__)

POLL_S = 1.0
"""Changes made by another process raise no signal here; they are seen after this long."""


class Hub(ABC):
    """Reads for all subscribers in one thread, which ends when the last of them has left."""

    def __init__(self, name: str, signal: Signal) -> None:
        self._name = name
        self._signal = signal
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def close(self) -> None:
        """Stop reading; feeds get nothing more."""
        self._closing.set()

    @abstractmethod
    def _wanted(self) -> bool:
        """Whether anyone still listens; called with the lock held."""

    @abstractmethod
    def _read(self) -> None:
        """Read what is new and hand it out."""

    def _ensure_running(self) -> None:
        """Start the thread unless it runs; called with the lock held."""
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._run, name=f"hub-{self._name}", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            level = self._signal.level
            with self._lock:
                if self._closing.is_set() or not self._wanted():
                    self._thread = None
                    return
            try:
                self._read()
            except Exception:
                log.exception("the %s could not be read; trying again", self._name)
                self._closing.wait(POLL_S)
            self._signal.wait_past(level, POLL_S)
