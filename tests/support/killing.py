"""Processes that a test kills while they work on a data folder, and starts again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(data_dir: Path, *kill: str, worker: str = "victim") -> subprocess.Popen[str]:
    """A process that does what waits in the folder, by one of the workers of ``tests.support``; where and how
    often to ``kill`` itself is what that worker says. It prints ``started`` when it is."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.support.{worker}", str(data_dir), *kill],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def work_off(data_dir: Path, *kill: str, worker: str = "victim") -> None:
    """Let a process do all that waits; with ``kill`` it must die of that."""
    process = start(data_dir, *kill, worker=worker)
    try:
        _, said = process.communicate(timeout=150)
    finally:
        process.kill()
    assert process.returncode == (-signal.SIGKILL if kill else 0), said


def copy(prepared: Path, to: Path) -> Path:
    """A copy of a data folder, in the folder ``to``."""
    shutil.copytree(prepared, to / "data", symlinks=True)
    return to / "data"
