"""Processes that a test kills while they work on a data folder, and starts again."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.application import wait_for

STARTED = "started"
_LOADED = (
    "chromadb",
    "chromadb.api.rust",
    "onnxruntime",
    "tantivy",
    "tokenizers",
    "tests.support.deciding",
    "tests.support.victim",
)
"""What most of a start goes to: one process has it loaded, and each worker is a fork of that."""


@dataclass(frozen=True)
class Worker:
    """A process of its own; ``said`` is the file that it writes to."""

    process: BaseProcess
    said: Path

    def begun(self) -> None:
        """Wait until it says that it is started."""
        wait_for(lambda: STARTED in self.said.read_text() or not self.process.is_alive(), timeout_s=60)

    def ended(self, timeout_s: float) -> bool:
        """Whether it came to its end in that time."""
        self.process.join(timeout_s)
        return not self.process.is_alive()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


def start(data_dir: Path, *kill: str, worker: str = "victim") -> Worker:
    """A process that does what waits in the folder, by one of the workers of ``tests.support``; where and how
    often to ``kill`` itself is what that worker says."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    said = data_dir.with_name(f"{data_dir.name}-said.txt")
    said.write_text("")
    process = context.Process(target=carry_out, args=(worker, data_dir, kill, said))
    process.start()
    return Worker(process, said)


def carry_out(worker: str, data_dir: Path, kill: tuple[str, ...], said: Path) -> None:
    """What the process does."""
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    importlib.import_module(f"tests.support.{worker}").main(data_dir, *kill)


def work_off(data_dir: Path, *kill: str, worker: str = "victim") -> None:
    """Let a process do all that waits; with ``kill`` it must die of that."""
    working = start(data_dir, *kill, worker=worker)
    try:
        assert working.ended(150), f"it does not end; it said: {working.said.read_text()}"
    finally:
        working.kill()
    assert working.process.exitcode == (-signal.SIGKILL if kill else 0), working.said.read_text()


def copy(prepared: Path, to: Path) -> Path:
    """A copy of a data folder, in the folder ``to``."""
    shutil.copytree(prepared, to / "data", symlinks=True)
    return to / "data"
