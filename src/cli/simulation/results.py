"""What a simulation measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from .examiner import Change
from .story import Happening


@dataclass(frozen=True)
class Standing:
    """One model at a checkpoint, on the questions that are never asked. ``role`` is ``base`` (what there was
    before the first vote), ``memory`` (the default with what it remembers of the votes), ``live`` (what
    readers get, where that is another one) or the state of a model that waits. ``seen`` and ``unseen`` are
    the questions of which a right document has, or none has, an up-vote; ``questions`` is each one's nDCG@10.
    """

    role: str
    version: int | None
    kind: str | None
    figures: Mapping[str, float]
    gain: Change | None
    seen: Change | None
    unseen: Change | None
    median_ms: float
    questions: Mapping[str, float]


@dataclass(frozen=True)
class Checkpoint:
    """The standings after ``interactions``; ``live`` is the role of what readers get. ``search_ms`` are the
    median and the 95th percentile of the readers' searches since the checkpoint before."""

    interactions: int
    votes: Mapping[str, int]
    live: str
    standings: tuple[Standing, ...]
    search_ms: tuple[float, float] | None

    @property
    def promoted(self) -> Standing:
        """What readers get at this point."""
        return next(one for one in self.standings if one.role == self.live)


@dataclass(frozen=True)
class Treatment:
    """How many readers of a kind there were, and their votes by state."""

    readers: int
    votes: Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """A whole simulation. ``seconds`` tell where the time went, ``problems`` what should not have been."""

    name: str
    settings: Mapping[str, Any]
    documents: int
    asked: int
    kept: int
    left_out: int
    checkpoints: tuple[Checkpoint, ...]
    happenings: tuple[Happening, ...]
    treatment: Mapping[str, Treatment]
    runs: tuple[Mapping[str, Any], ...]
    seconds: Mapping[str, float]
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Outcome:
        """What ``as_json`` gave, also after it was written and read as JSON."""
        return cls(
            **{
                **values,
                "checkpoints": tuple(map(_checkpoint, values["checkpoints"])),
                "happenings": tuple(Happening(**one) for one in values["happenings"]),
                "treatment": {kind: Treatment(**one) for kind, one in values["treatment"].items()},
                "runs": tuple(values["runs"]),
                "problems": tuple(values["problems"]),
            }
        )


def _checkpoint(values: Mapping[str, Any]) -> Checkpoint:
    times = values["search_ms"]
    return Checkpoint(
        **{
            **values,
            "standings": tuple(map(_standing, values["standings"])),
            "search_ms": None if times is None else (times[0], times[1]),
        }
    )


def _standing(values: Mapping[str, Any]) -> Standing:
    changes = {name: values[name] for name in ("gain", "seen", "unseen")}
    return Standing(
        **{**values, **{name: None if one is None else Change(**one) for name, one in changes.items()}}
    )


def quantiles(times: Sequence[float]) -> tuple[float, float] | None:
    """Median and 95th percentile; None of nothing."""
    if not times:
        return None
    ordered = sorted(times)
    return round(median(ordered), 1), round(ordered[int(0.95 * (len(ordered) - 1))], 1)
