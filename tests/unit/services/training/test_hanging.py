"""A training process that hangs is ended: by whoever cancels, and by itself after a silence."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from src.services.training.child import Tuner, TuningFailedError
from tests.unit.services.training.test_tuning import go_on, ignore, task

STEP = '{"step": 1, "steps": 3, "loss": 1.0}'


def hanging(folder: Path, *then: str, silence_s: float = 60.0) -> Tuner:
    """A tuner whose process tells of one step and its own id, then does that."""
    program = folder / "hang.sh"
    lines = ["#!/bin/sh", f"echo $$ > {folder}/pid", f"echo '{STEP}'", *then]
    program.write_text("\n".join(lines) + "\n")
    program.chmod(0o755)
    return Tuner(python=str(program), silence_s=silence_s)


def ended(folder: Path) -> bool:
    pid = int((folder / "pid").read_text())
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("then", ["exec sleep 600", "exec >&-; exec sleep 600"])
def test_it_ends_at_once_where_nobody_wants_it_any_more(tmp_path: Path, then: str) -> None:
    steps: list[int] = []

    def check() -> None:
        if steps:
            raise InterruptedError

    began = time.monotonic()
    with pytest.raises(InterruptedError):
        hanging(tmp_path, then).carry_out(
            tmp_path / "run", task(), lambda step, *_: steps.append(step), check
        )
    assert time.monotonic() - began < 10
    assert steps == [1]
    assert ended(tmp_path)


@pytest.mark.parametrize("then", ["exec sleep 600", "exec >&-; exec sleep 600"])
def test_a_silence_ends_it_with_a_reason(tmp_path: Path, then: str) -> None:
    tuner = hanging(tmp_path, then, silence_s=0.2)
    with pytest.raises(TuningFailedError, match=r"no step for 0\.2 s"):
        tuner.carry_out(tmp_path / "run", task(), ignore, go_on)
    assert ended(tmp_path)


def test_one_that_tells_now_and_then_is_left_alone(tmp_path: Path) -> None:
    tuner = hanging(tmp_path, *[f"sleep 0.5; echo '{STEP}'"] * 4, "exit 3", silence_s=1.5)
    with pytest.raises(TuningFailedError, match="ended with 3"):
        tuner.carry_out(tmp_path / "run", task(), ignore, go_on)
