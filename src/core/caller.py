"""Who asks, and what they may read. Permission travels as these values, never as a flag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .messages.base import Target

ADMIN = "admin"
READER = "reader"


@dataclass(frozen=True)
class Caller:
    """The user on whose behalf a request runs; ``system`` callers are Stoa's own agents."""

    user_id: str | None
    username: str
    roles: frozenset[str] = frozenset()
    system: bool = False

    @classmethod
    def anonymous(cls) -> Caller:
        return cls(user_id=None, username="anonymous")

    @classmethod
    def agent(cls, name: str) -> Caller:
        return cls(user_id=None, username=f"agent:{name}", system=True)

    @property
    def signed_in(self) -> bool:
        return self.system or self.user_id is not None

    @property
    def administers(self) -> bool:
        return self.system or ADMIN in self.roles

    @property
    def may_create(self) -> bool:
        """Everyone who is signed in may make collections, but not those who are readers only."""
        return self.administers or (self.signed_in and self.roles != frozenset({READER}))


@dataclass(frozen=True)
class Scope:
    """The collections that a caller may read, narrowed to what was asked for.

    Only the grants of the database make one, and every query of an index takes one: a query without
    permission cannot be written down. ``_seal`` keeps others from constructing it by accident.
    """

    collection_ids: frozenset[str]
    _seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a Scope is made by the grants of the database only")


_SEAL = object()


def seal_scope(collection_ids: frozenset[str]) -> Scope:
    """For the grants of the database alone (a test keeps others away)."""
    return Scope(collection_ids, _SEAL)


@dataclass(frozen=True)
class Grant:
    """What a caller may do with one collection."""

    collection_id: str
    may_read: bool
    may_write: bool


class Grants(Protocol):
    """Looks up permission in the database."""

    def on(self, caller: Caller, target: Target, object_id: str) -> Grant | None:
        """The caller's grant on the collection that the object belongs to; None where there is none such."""
