"""All request, event and job types, found in this package's modules."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeVar

from .base import Event, JobSpec, Message, Request

M = TypeVar("M", bound=Message)


def _modules() -> Iterator[ModuleType]:
    package = importlib.import_module(__package__ or "src.core.messages")
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module.name}")


def _declared(base: type[M], attribute: str) -> tuple[type[M], ...]:
    found: dict[str, type[M]] = {}
    for module in _modules():
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, base)
                and value.__module__ == module.__name__
                and attribute in value.__dict__
            ):
                found[value.__dict__[attribute]] = value
    return tuple(found[name] for name in sorted(found))


def requests() -> tuple[type[Request[Any]], ...]:
    """Every request that must have an agent, by capability."""
    return _declared(Request, "capability")


def events() -> tuple[type[Event], ...]:
    """Every event, by topic."""
    return _declared(Event, "topic")


def jobs() -> tuple[type[JobSpec], ...]:
    """Every kind of job, by kind."""
    return _declared(JobSpec, "kind")
