"""The folder that a fine-tuning run works in: what it is given, and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .recipe import TuningSettings


@dataclass(frozen=True)
class Pair:
    """A question and a passage that answers it; ``key`` names the passage's content. ``weight`` is what it
    counts in the loss, ``negative`` a passage that does not answer the question."""

    question: str
    passage: str
    key: str
    weight: float = 1.0
    negative: str | None = None


@dataclass(frozen=True)
class TuningTask:
    """What to train: ``weights`` and ``tokenizer`` are files, ``config`` that of the BERT encoder.
    ``samples`` are texts whose vectors are kept, so that another runtime can be compared."""

    weights: str
    tokenizer: str
    config: dict[str, Any]
    pooling: str
    prompts: tuple[str, str]
    pairs: tuple[Pair, ...]
    samples: tuple[str, ...]
    settings: TuningSettings
    seed: int
    threads: int

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TASK).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> TuningTask:
        values = json.loads((folder / TASK).read_text(encoding="utf-8"))
        values["pairs"] = tuple(Pair(**pair) for pair in values["pairs"])
        values["settings"] = TuningSettings(**values["settings"])
        values["prompts"], values["samples"] = tuple(values["prompts"]), tuple(values["samples"])
        return cls(**values)


def batches(pairs: Sequence[Pair], size: int, order: Sequence[int]) -> list[list[int]]:
    """Pairs in that order, by place, in batches of at most ``size`` in which no question and no passage
    stands twice: a right passage must not count as a wrong one. What fits in none of the open batches opens
    another; a batch of one has nothing to be told from, and is left out."""
    made: list[list[int]] = []
    taken: list[set[str]] = []
    for place in order:
        names = {f"q:{pairs[place].question}", f"p:{pairs[place].key}"}
        for batch, known in zip(made, taken, strict=True):
            if len(batch) < size and not names & known:
                batch.append(place)
                known.update(names)
                break
        else:
            made.append([place])
            taken.append(names)
    return [batch for batch in made if len(batch) > 1]


TASK = "task.json"
CHECKPOINT = "checkpoint.pt"
WEIGHTS = "model.safetensors"
LOSSES = "losses.json"
VECTORS = "vectors.npy"
"""Of the samples, by the trained model in the child."""
