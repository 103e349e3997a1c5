"""One parsing process as its parent sees it."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from src.core.errors import DocumentError
from src.core.passages import ParsedDocument

from .frames import PREFIX, frame, header, lengths
from .limits import ParsingLimits
from .transport import unpack, unpack_error

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[3]
_START = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from src.services.parsing.worker import main
main(sys.argv[1:])
"""
_ENVIRONMENT = {"TOKENIZERS_PARALLELISM": "false", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
_START_TIMEOUT_S = 120.0
_CHUNK = 2**20
_OUT_OF_MEMORY = (b"memory allocation of", b"failed to allocate", b"MemoryError", b"bad_alloc")


class ChildGoneError(Exception):
    """The process ended, or was ended, before it had answered."""


class Child:
    """A running parsing process. One document at a time; not for two threads at once."""

    def __init__(self, tokenizer: Path | None, max_tokens: int, limits: ParsingLimits) -> None:
        theirs, self._lifeline = os.pipe()
        settings = {
            "lifeline": theirs,
            "tokenizer": str(tokenizer.resolve()) if tokenizer else None,
            "max_tokens": max_tokens,
            "limits": dataclasses.asdict(limits),
        }
        self._limits = limits
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _START, str(_ROOT), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=_ENVIRONMENT,
            cwd="/",
            bufsize=0,
            pass_fds=(theirs,),
            start_new_session=True,  # a signal to our group is not meant for it
        )
        os.close(theirs)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def parse(
        self, content: bytes, name: str, media_type: str | None, cutting: str | None = None
    ) -> ParsedDocument:
        """``cutting`` names how to cut it where that is not as configured.

        Raises DocumentError; the process may be gone afterwards, see ``alive``."""
        seconds = self._limits.seconds_per_file
        try:
            self._await_ready()
            deadline = time.monotonic() + seconds
            self._send(frame({"name": name, "media_type": media_type, "cutting": cutting}, content), deadline)
            head, body = self._receive(deadline)
        except TimeoutError:
            self.close()
            raise DocumentError(
                "timeout",
                f"Reading the document took longer than {seconds:g} seconds and was stopped.",
                stage="parsing",
                retryable=True,
            ) from None
        except (ChildGoneError, OSError):
            raise self._post_mortem() from None
        if head.get("retire"):
            self.close()
        if "error" in head:
            raise unpack_error(head["error"])
        return unpack(body)

    def kill(self) -> None:
        """End the process now; safe from any thread. Its owner then calls ``close``."""
        self._process.kill()

    def close(self) -> None:
        """End the process and release what it held; idempotent."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            if stream is not None:
                stream.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _await_ready(self) -> None:
        if not self._ready:
            self._receive(time.monotonic() + _START_TIMEOUT_S)
            self._ready = True

    def _post_mortem(self) -> DocumentError:
        self._process.kill()
        status = self._process.wait()
        said = self._last_words()
        self.close()
        log.warning(
            "a parsing process ended with status %s: %s", status, said[-2000:].decode(errors="replace")
        )
        if any(mark in said for mark in _OUT_OF_MEMORY):
            code, detail = "out_of_memory", "The document needs more memory than is allowed."
        else:
            code, detail = "crashed", "The reader of this format crashed on the document."
        return DocumentError(code, detail, stage="parsing", retryable=True)

    def _last_words(self) -> bytes:
        if self._stderr.closed:
            return b""
        self._stderr.seek(0)
        return self._stderr.read(_CHUNK)

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._to, select.POLLOUT, deadline)
            view = view[os.write(self._to, view[:_CHUNK]) :]

    def _receive(self, deadline: float) -> tuple[dict[str, Any], bytes]:
        head, body = lengths(self._exactly(PREFIX.size, deadline))
        return header(self._exactly(head, deadline)), self._exactly(body, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._wait(self._from, select.POLLIN, deadline)
            read = os.read(self._from, min(_CHUNK, size - len(parts)))
            if not read:
                raise ChildGoneError
            parts += read
        return bytes(parts)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
