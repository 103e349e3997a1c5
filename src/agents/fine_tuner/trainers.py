"""What can be trained: a trainer is a class with a name that makes a ranker from examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from src.core.errors import UnavailableError
from src.core.ports import Vectors
from src.services.ranking.examples import Example
from src.services.ranking.training import LadderSettings, RankerFit, fit_ranker


@dataclass(frozen=True)
class Material:
    """What a trainer learns from: judged questions, the vectors ``(passages, dimensions)`` that their
    ``rows`` point to, and the name of each feature."""

    examples: Sequence[Example]
    passages: Vectors
    names: tuple[str, ...]


class Trainer(Protocol):
    """Makes a ranker. It must give the same for the same material and seed, to the bit."""

    @property
    def name(self) -> str:
        """How a run asks for it."""

    @property
    def least_questions(self) -> int:
        """From how many questions with an up-vote it has something to learn."""

    @property
    def configuration(self) -> dict[str, Any]:
        """Its settings, for the record of the run: plain JSON."""

    def check(self) -> None:
        """Raise UnavailableError, with what to do, where it cannot work in this installation."""

    def fit(self, material: Material, *, seed: int) -> RankerFit:
        """Learn. ``RankerFit.questions`` counts what it could learn from; below ``least_questions`` of
        them the run is refused, and a fatal finding fails it."""


class LadderTrainer:
    """The rungs that need no more than numpy: rank weights, then a query adapter."""

    name = "ladder"

    def __init__(self, settings: LadderSettings | None = None) -> None:
        self._settings = settings or LadderSettings()

    @property
    def least_questions(self) -> int:
        return self._settings.weights_from

    @property
    def configuration(self) -> dict[str, Any]:
        return asdict(self._settings)

    def check(self) -> None:
        return

    def fit(self, material: Material, *, seed: int) -> RankerFit:
        return fit_ranker(
            material.examples, material.passages, material.names, settings=self._settings, seed=seed
        )


class MissingTrainer:
    """Stands for a trainer whose packages are not installed, and says which they are."""

    def __init__(self, name: str, packages: Sequence[str]) -> None:
        self.name = name
        self._packages = packages

    least_questions = 0

    @property
    def configuration(self) -> dict[str, Any]:
        return {"packages": list(self._packages)}

    def check(self) -> None:
        missing = [package for package in self._packages if find_spec(package) is None]
        lacking = f"{' and '.join(missing)} not installed" if missing else "no trainer registered"
        raise UnavailableError(
            f"The trainer {self.name!r} cannot be used here: {lacking}. Everything else learns without it; "
            "choose 'ladder'."
        )

    def fit(self, material: Material, *, seed: int) -> RankerFit:
        self.check()
        raise AssertionError("check raises")
