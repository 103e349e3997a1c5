"""The parsing process: reads one document after another from its parent and answers with passages.

It holds no secrets (its environment is empty), cannot outgrow its memory, and ends with its parent.
"""

from __future__ import annotations

import faulthandler
import fcntl
import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from src.core.errors import DocumentError
from src.core.passages import Chunking

from .frames import PREFIX, frame, header, lengths
from .limits import ParsingLimits
from .parser import DocumentParser
from .transport import pack, pack_error

_WRITABLE = 2**20  # bytes of any file; the log of a crash is all that this process writes
_GRACE_S = 10


def main(arguments: list[str]) -> None:
    """Serve until the parent closes the pipe. ``arguments``: the settings as one JSON object."""
    settings: dict[str, Any] = json.loads(arguments[0])
    limits = ParsingLimits(**settings["limits"])
    incoming, outgoing = _private_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us in order
    _end_with_parent(settings["lifeline"])
    _restrict(limits)
    tokenizer = settings["tokenizer"]
    parser = DocumentParser(
        tokenizer=Path(tokenizer) if tokenizer else None, max_tokens=settings["max_tokens"], limits=limits
    )
    outgoing.write(frame({"ready": True}))
    outgoing.flush()
    while (request := _read(incoming)) is not None:
        asked, content = request
        _limit_cpu(limits.seconds_per_file)
        try:
            chunking = Chunking.of(asked["cutting"]) if asked["cutting"] else None
            document = parser.parse(
                content, name=asked["name"], media_type=asked["media_type"], chunking=chunking
            )
            answer = frame({"retire": _is_swollen(limits)}, pack(document))
        except DocumentError as error:
            spent = error.code == "out_of_memory"
            answer = frame({"error": pack_error(error), "retire": spent or _is_swollen(limits)})
        outgoing.write(answer)
        outgoing.flush()


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes off standard input and output, so that no library can read or write on them."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    faulthandler.enable()
    return incoming, outgoing


def _end_with_parent(lifeline: int) -> None:
    """Have the kernel end this process when the parent is gone, also in the middle of a document.

    Only the parent holds the other end of the pipe and never writes to it. When it closes, SIGIO is
    raised, whose default is to terminate; no code of ours has to run for it.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):  # it closed before we had asked to be told
        os._exit(0)


def _restrict(limits: ParsingLimits) -> None:
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_FSIZE, _WRITABLE)
    _bound(resource.RLIMIT_DATA, limits.memory_bytes)


def _limit_cpu(seconds: float) -> None:
    """A last line of defence should the parent be gone while a library never returns."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _bound(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + _GRACE_S)


def _bound(what: int, limit: int) -> None:
    """Set the soft limit, or a stricter one that the machine already has."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _is_swollen(limits: ParsingLimits) -> bool:
    """Whether a fresh process would be cheaper to keep than this one."""
    return _resident_bytes() > limits.memory_bytes // 2


def _resident_bytes() -> int:
    """Memory in use now. The peak that getrusage tells is no measure on Linux: a process inherits that of
    the one that started it, and a large server would give up each child after one document."""
    try:
        with open("/proc/self/statm", "rb") as figures:
            return int(figures.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _read(pipe: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    prefix = pipe.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    head, body = lengths(prefix)
    return header(pipe.read(head)), pipe.read(body)


if __name__ == "__main__":
    main(sys.argv[1:])
