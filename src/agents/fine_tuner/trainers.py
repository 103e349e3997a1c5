"""What can be trained: a trainer is a class with a name that makes a ranker from examples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

from src.core.jobs import JobRun
from src.core.ports import Vectors
from src.database.models import DatasetRecord, TrainingRunRecord
from src.services.ranking.examples import Example
from src.services.ranking.training import LadderSettings, RankerFit, fit_ranker


@dataclass(frozen=True)
class Material:
    """What a trainer learns from: judged questions, the vectors ``(passages, dimensions)`` that their
    ``rows`` point to, and the name of each feature."""

    examples: Sequence[Example]
    passages: Vectors
    names: tuple[str, ...]


class Learner(Protocol):
    """What every trainer says of itself."""

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


class Trainer(Learner, Protocol):
    """Makes a ranker. It must give the same for the same material and seed, to the bit."""

    def fit(self, material: Material, *, seed: int) -> RankerFit:
        """Learn. ``RankerFit.questions`` counts what it could learn from; below ``least_questions`` of
        them the run is refused, and a fatal finding fails it."""


@runtime_checkable
class RunTrainer(Learner, Protocol):
    """Carries out a run by itself, from its data set to its end, as it makes more than a ranker."""

    def carry_out(self, record: TrainingRunRecord, dataset: DatasetRecord, run: JobRun) -> None:
        """Learn, and bring the run to its end."""

    def sweep(self, under_way: Callable[[], Collection[str]]) -> None:
        """Remove what runs have left behind that are not ``under_way`` any more: were ended, cancelled or
        given up."""


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
