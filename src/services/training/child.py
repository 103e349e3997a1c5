"""Starts the child process that trains, and watches it: torch never enters the server's own process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO

import numpy as np

from src.core.errors import UnavailableError
from src.core.ports import Vectors

from .task import CHECKPOINT, LOSSES, VECTORS, WEIGHTS, TuningTask

ROOT = Path(__file__).resolve().parents[3]
_LAST_LINES = 3
_LOOK_S = 0.5

Report = Callable[[int, int, float], None]
"""Told the step, the number of steps and the loss; what it raises ends the child."""
Check = Callable[[], None]
"""Asked about twice a second whether to go on, also while the child tells nothing; what it raises ends it."""


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
    """Runs tasks with the Python at ``python``, in at most ``memory`` bytes and ``threads`` threads. One
    that tells of no step for ``silence_s`` hangs, and is ended."""

    def __init__(
        self,
        *,
        python: str = sys.executable,
        threads: int = 1,
        memory: int = 8 * 2**30,
        silence_s: float = 1800.0,
    ) -> None:
        self._python = python
        self.threads = threads
        self._memory = memory
        self._silence_s = silence_s

    def check(self) -> None:
        """Raise UnavailableError, with what to do, where torch is not installed."""
        if self._python == sys.executable and find_spec("torch") is None:
            raise UnavailableError(
                "The trainer 'full' needs torch, which is not installed here: run `make train` and start "
                "Stoa again. Everything else learns without it; choose 'ladder'."
            )

    def carry_out(self, folder: Path, task: TuningTask, report: Report, check: Check) -> Tuned:
        """Train in ``folder``, from the last checkpoint there. Raises TuningFailedError."""
        if not (folder / WEIGHTS).exists():
            task.write(folder)
            self._run(folder, report, check)
        vectors: Vectors = np.load(folder / VECTORS, allow_pickle=False)
        losses = json.loads((folder / LOSSES).read_text(encoding="utf-8"))
        return Tuned(folder / WEIGHTS, vectors, tuple(losses))

    def _run(self, folder: Path, report: Report, check: Check) -> None:
        command = [self._python, "-m", "src.services.training.loop", str(folder.resolve()), str(self._memory)]
        log = folder / "errors.txt"
        with log.open("wb") as errors:
            child = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
            )
            assert child.stdout is not None
            lines: SimpleQueue[str | None] = SimpleQueue()
            reader = Thread(target=_read, args=(child.stdout, lines), name="tuning", daemon=True)
            reader.start()
            try:
                for line in self._told(lines, check):
                    told = json.loads(line)
                    report(int(told["step"]), int(told["steps"]), float(told["loss"]))
                code = self._code(child, check)
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
                reader.join(timeout=_LOOK_S)
                if not reader.is_alive():  # else something that the child began holds its output open
                    child.stdout.close()
        if code != 0 or not (folder / WEIGHTS).exists():
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LAST_LINES:]
            begun = " It goes on from its checkpoint." if (folder / CHECKPOINT).exists() else ""
            raise TuningFailedError(f"The training process ended with {code}: {' '.join(said)}{begun}")

    def _told(self, lines: SimpleQueue[str | None], check: Check) -> Iterator[str]:
        """The lines that the child writes, until it closes its output."""
        heard = time.monotonic()
        while True:
            check()
            try:
                line = lines.get(timeout=_LOOK_S)
            except Empty:
                self._give_up_after(heard)
                continue
            if line is None:
                return
            heard = time.monotonic()
            yield line

    def _code(self, child: subprocess.Popen[str], check: Check) -> int:
        """What the child ends with, which it does soon after it has closed its output."""
        closed = time.monotonic()
        while True:
            try:
                return child.wait(timeout=_LOOK_S)
            except subprocess.TimeoutExpired:
                check()
                self._give_up_after(closed)

    def _give_up_after(self, heard: float) -> None:
        if time.monotonic() - heard >= self._silence_s:
            raise TuningFailedError(
                f"The training process has told of no step for {self._silence_s:g} s and was ended. The next "
                "attempt goes on from its last checkpoint; see the load of the machine if that ends so, too."
            )


def _read(output: IO[str], lines: SimpleQueue[str | None]) -> None:
    """Pass on what the child writes; whoever waits for it can look elsewhere meanwhile."""
    for line in output:
        lines.put(line)
    lines.put(None)
