from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from src.services.sources.process import Deadline, OutputLimitError, supervise


def start(script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def is_gone(pid: int) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def test_status_output_and_errors_come_back() -> None:
    process = start("echo out; echo err >&2; exit 3")
    assert supervise(process, timeout_s=10, max_output=100) == (3, b"out\n", b"err\n")


def test_much_output_on_both_pipes_does_not_block() -> None:
    process = start("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero")
    status, output, errors = supervise(process, timeout_s=30, max_output=4_000_000)
    assert (status, len(output)) == (0, 3_000_000)
    assert 0 < len(errors) <= 100_000


def test_at_the_deadline_the_whole_group_ends(tmp_path: Path) -> None:
    process = start(f"sleep 60 & echo $! > {tmp_path}/child; sleep 60")
    started = time.monotonic()
    with pytest.raises(Deadline):
        supervise(process, timeout_s=0.7, max_output=100)
    assert time.monotonic() - started < 5
    assert process.returncode is not None
    assert is_gone(int((tmp_path / "child").read_text()))


def test_a_process_that_closes_its_output_and_stays_is_ended_too() -> None:
    process = start("exec >&- 2>&-; sleep 60")
    with pytest.raises(Deadline):
        supervise(process, timeout_s=0.5, max_output=100)
    assert process.returncode is not None


def test_too_much_output_ends_the_process() -> None:
    process = start("yes")
    with pytest.raises(OutputLimitError):
        supervise(process, timeout_s=30, max_output=1_000_000)
    assert process.returncode is not None


def test_what_the_watch_raises_ends_the_process() -> None:
    class TooBigError(Exception):
        pass

    def watch() -> None:
        raise TooBigError

    process = start("sleep 60")
    with pytest.raises(TooBigError):
        supervise(process, timeout_s=30, max_output=100, watch=watch)
    assert process.returncode is not None


def test_progress_is_reported_once_for_each_step() -> None:
    told: list[str] = []
    script = "printf 'Receiving objects:  42%% (42/100)\\r' >&2; sleep 1.4"
    supervise(start(script), timeout_s=30, max_output=100, report=told.append)
    assert told == ["Receiving: 42 %"]


def test_what_the_report_raises_ends_the_process() -> None:
    def cancel(text: str) -> None:
        raise InterruptedError(text)

    process = start("printf 'Receiving objects:  1%% (1/100)\\r' >&2; sleep 60")
    with pytest.raises(InterruptedError):
        supervise(process, timeout_s=30, max_output=100, report=cancel)
    assert process.returncode is not None


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        supervise(start("echo x"), timeout_s=10, max_output=100)
    assert len(os.listdir("/proc/self/fd")) == before
