"""Starts the child process that trains, and watches it: torch never enters the server's own process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from src.core.errors import UnavailableError
from src.core.ports import Vectors

from .task import CHECKPOINT, LOSSES, VECTORS, WEIGHTS, TuningTask

ROOT = Path(__file__).resolve().parents[3]
_LAST_LINES = 3

Report = Callable[[int, int, float], None]
"""Told the step, the number of steps and the loss; what it raises ends the child."""


class TuningFailedError(UnavailableError):
    """The child process ended before its work was done."""

    code = "tuning_failed"
    title = "Fine-tuning did not come to its end"


@dataclass(frozen=True)
class Tuned:
    """The file of weights, the vectors of the task's samples ``(samples, dimensions)``, and the loss of each
    step."""

    weights: Path
    vectors: Vectors
    losses: tuple[float, ...]


class Tuner:
    """Runs tasks with the Python at ``python``, in at most ``memory`` bytes and ``threads`` threads."""

    def __init__(self, *, python: str = sys.executable, threads: int = 1, memory: int = 8 * 2**30) -> None:
        self._python = python
        self.threads = threads
        self._memory = memory

    def check(self) -> None:
        """Raise UnavailableError, with what to do, where torch is not installed."""
        if self._python == sys.executable and find_spec("torch") is None:
            raise UnavailableError(
                "The trainer 'full' needs torch, which is not installed here: run `make train` and start "
                "Stoa again. Everything else learns without it; choose 'ladder'."
            )

    def carry_out(self, folder: Path, task: TuningTask, report: Report) -> Tuned:
        """Train in ``folder``, from the last checkpoint there. Raises TuningFailedError."""
        if not (folder / WEIGHTS).exists():
            task.write(folder)
            self._run(folder, report)
        vectors: Vectors = np.load(folder / VECTORS, allow_pickle=False)
        losses = json.loads((folder / LOSSES).read_text(encoding="utf-8"))
        return Tuned(folder / WEIGHTS, vectors, tuple(losses))

    def _run(self, folder: Path, report: Report) -> None:
        command = [self._python, "-m", "src.services.training.loop", str(folder.resolve()), str(self._memory)]
        log = folder / "errors.txt"
        with log.open("wb") as errors:
            child = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
            )
            try:
                assert child.stdout is not None
                for line in child.stdout:
                    told = json.loads(line)
                    report(int(told["step"]), int(told["steps"]), float(told["loss"]))
                code = child.wait()
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
                if child.stdout is not None:
                    child.stdout.close()
        if code != 0 or not (folder / WEIGHTS).exists():
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LAST_LINES:]
            begun = " It goes on from its checkpoint." if (folder / CHECKPOINT).exists() else ""
            raise TuningFailedError(f"The training process ended with {code}: {' '.join(said)}{begun}")
