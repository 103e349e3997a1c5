"""Which piece of work this thread is busy with, for the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("stoa_correlation", default=None)


@contextmanager
def correlated(correlation_id: str) -> Iterator[None]:
    """Whatever is logged meanwhile belongs to this correlation id."""
    token = _current.set(correlation_id)
    try:
        yield
    finally:
        _current.reset(token)


def current_correlation() -> str | None:
    """The correlation id of what this thread is busy with; None between two pieces of work."""
    return _current.get()
