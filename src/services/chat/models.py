"""The language models of the configured provider: the configured one, and others by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from src.core.ports import ChatModel

_KEPT = 8


class ChatModels:
    """``configured`` is None where answers are extracts; then there are no others either. ``open_`` makes
    the model of a name. Each has a circuit breaker of its own, so a name that does not exist keeps no other
    model from answering."""

    def __init__(self, configured: ChatModel | None, open_: Callable[[str], ChatModel]) -> None:
        self.configured = configured
        self._open = open_
        self._opened: OrderedDict[str, ChatModel] = OrderedDict()
        self._lock = Lock()

    def named(self, name: str | None) -> ChatModel | None:
        """The model of that name, the configured one for None."""
        if name is None or self.configured is None or name == self.configured.name:
            return self.configured
        with self._lock:
            model = self._opened.pop(name, None) or self._open(name)
            self._opened[name] = model
            if len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
        return model
