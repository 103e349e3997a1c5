"""Threads for what a search does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Ahead(ThreadPoolExecutor):
    """What they carry out belongs to the piece of work of who asked for it, as the log tells it. It may wait
    for nothing that they carry out: so there is always room again."""

    def __init__(self) -> None:
        super().__init__(16, thread_name_prefix="search-ahead")

    def submit(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        return super().submit(copy_context().run, partial(call, *args, **kwargs))
