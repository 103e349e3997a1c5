"""What every message is: frozen, validated values with a stable public name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def no_nul(text: str) -> str:
    """Let text without NUL pass. Limits that count after stripping must stand before it."""
    if "\x00" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, AfterValidator(no_nul)]
"""Text from outside: no NUL, which PostgreSQL cannot store; lone surrogates pydantic refuses itself."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""An opaque id as the API gives it out."""


class Message(BaseModel):
    """A frozen value that crosses a boundary: between agents, on the bus, or over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Reply(Message):
    """What a handler returns. Old readers meet new writers, so unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


R = TypeVar("R")
Item = TypeVar("Item")


class Page(Reply, Generic[Item]):
    """A part of a list; ``next`` is the cursor of the following part, or null at the end."""

    items: tuple[Item, ...]
    next: str | None = None


class AccessLevel(StrEnum):
    """What a caller must be, least first."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    READ = "read"
    WRITE = "write"
    ADMINISTER = "administer"


class Target(StrEnum):
    """The kind of object that READ and WRITE are checked on; each belongs to one collection."""

    COLLECTION = "collection"
    DOCUMENT = "document"
    SOURCE = "source"
    JOB = "job"
    PASSAGE = "passage"
    ANSWER = "answer"
    DATASET = "data set"
    TRAINING_RUN = "training run"
    MODEL = "model"
    EXPERIMENT = "experiment"
    GOLDEN_SET = "golden set"


@dataclass(frozen=True)
class Access:
    """Who may make a request. With READ or WRITE, ``field`` names the request's id of a ``target``."""

    level: AccessLevel
    target: Target | None = None
    field: str = ""

    @classmethod
    def signed_in(cls) -> Access:
        return cls(AccessLevel.SIGNED_IN)

    @classmethod
    def anyone(cls) -> Access:
        return cls(AccessLevel.ANYONE)

    @classmethod
    def administer(cls) -> Access:
        return cls(AccessLevel.ADMINISTER)

    @classmethod
    def read(cls, target: Target, field: str) -> Access:
        return cls(AccessLevel.READ, target, field)

    @classmethod
    def write(cls, target: Target, field: str) -> Access:
        return cls(AccessLevel.WRITE, target, field)


class Request(Message, Generic[R]):
    """Asks one agent for a result of type ``R``. Subclasses name their ``capability`` and ``access``.

    ``deadline_s`` None means the configured default. ``recorded`` is False for what precedes every
    request, such as finding its caller: it is counted and logged, but leaves no record of its own.
    """

    capability: ClassVar[str]
    access: ClassVar[Access]
    deadline_s: ClassVar[float | None] = None
    recorded: ClassVar[bool] = True


class Event(Message):
    """Tells that something happened. ``topic`` is written out with its version, never derived.

    Events are read long after they were written, so unknown keys are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")

    topic: ClassVar[str]

    def ordering_key(self) -> str | None:
        """Events with the same key reach an ordered subscriber in the order they were published."""
        return None


class JobSpec(Message):
    """The durable description of long work; ``kind`` is its stable name. The row it is stored in holds
    its state, so a spec never changes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ClassVar[str]


class Envelope(Message):
    """An event on its way: its payload and where it came from.

    ``correlation_id`` is shared by everything that one request set off; ``causation_id`` is the id of
    the event, request or job that directly caused this one. ``group`` is set on a replay for one
    subscriber only.
    """

    id: str
    topic: str
    key: str | None
    payload: dict[str, Any]
    at: datetime
    correlation_id: str
    causation_id: str | None
    group: str | None = None
