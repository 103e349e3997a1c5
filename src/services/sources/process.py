"""Supervision of one child process: bounded output, a deadline, and an end for its whole group."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

_CHUNK = 65_536
_TICK_S = 0.5
_SILENCE_S = 5.0
_PROGRESS = re.compile(rb"(Counting|Compressing|Receiving|Resolving)[ a-z]+: +(\d+)%")


class OutputLimitError(Exception):
    """The process wrote more than it may."""


class Deadline(Exception):  # noqa: N818 - the end of a wait, told apart from failures of the process
    """The process did not end in time and was killed."""


def supervise(
    process: subprocess.Popen[bytes],
    *,
    timeout_s: float,
    max_output: int,
    watch: Callable[[], None] | None = None,
    report: Callable[[str], None] | None = None,
) -> tuple[int, bytes, bytes]:
    """Wait for a process that leads its own session; return status, output and the end of its errors.

    ``watch`` and ``report`` may raise to stop the process. ``watch`` is called about twice a second;
    ``report`` gets git's progress, and a sign of life where git is silent. Whatever ends the wait, no
    process of the group is left behind.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    output = _Drain(process.stdout, limit=max_output)
    errors = _Drain(process.stderr, limit=None)
    end = time.monotonic() + timeout_s
    finished = False
    progress = _Progress(errors, report)
    try:
        while not output.join(min(_TICK_S, max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end:
                raise Deadline
            if watch is not None:
                watch()
            progress.tell()
        if output.overflowed:
            raise OutputLimitError
        try:
            status = process.wait(timeout=max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Deadline from None
        finished = True
    finally:
        if not finished:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.close()
        errors.close()
    return status, output.text(), errors.text()


class _Progress:
    """Passes on what git last said of its progress when it is new, or when it is time for a word."""

    def __init__(self, errors: _Drain, report: Callable[[str], None] | None) -> None:
        self._errors = errors
        self._report = report
        self._sentence = "Waiting for git"
        self._told = time.monotonic()

    def tell(self) -> None:
        if self._report is None:
            return
        found = _PROGRESS.findall(self._errors.last())
        sentence = f"{found[-1][0].decode()}: {found[-1][1].decode()} %" if found else self._sentence
        if sentence != self._sentence or time.monotonic() - self._told > _SILENCE_S:
            self._sentence = sentence
            self._told = time.monotonic()
            self._report(sentence)


class _Drain:
    """Reads a pipe in the background so that the process never blocks on it."""

    def __init__(self, pipe: IO[bytes], *, limit: int | None) -> None:
        self._pipe = pipe
        self._limit = limit
        self._data = bytearray()
        self.overflowed = False
        self._thread = threading.Thread(target=self._read, daemon=True, name="git-output")
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Close the pipe, unless a process that left the group still holds its other end."""
        if self.join(5.0):
            self._pipe.close()

    def text(self) -> bytes:
        return bytes(self._data)

    def last(self) -> bytes:
        return bytes(self._data[-500:])

    def _read(self) -> None:
        with suppress(OSError, ValueError):  # the pipe is closed under a reader that was given up
            while chunk := self._pipe.read1(_CHUNK):  # type: ignore[attr-defined]
                self._data += chunk
                if self._limit is None:
                    del self._data[:-_CHUNK]
                elif len(self._data) > self._limit:
                    self.overflowed = True
                    return
