"""Which server owns a data folder: told by the file ``server.json`` in it while the server runs."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

_NAME = "server.json"
_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Instance:
    """A running server. ``user_id`` is the administrator as whom its own machine's user may act."""

    pid: int
    url: str
    user_id: str


@contextmanager
def announced(folder: Path, instance: Instance) -> Iterator[None]:
    """Tell of ``instance`` in the folder for as long as it serves."""
    path = folder / _NAME
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(asdict(instance)), encoding="utf-8")
    os.replace(new, path)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def find(folder: Path) -> Instance | None:
    """The server that owns the folder, if it is alive and answers."""
    try:
        told = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        instance = Instance(pid=int(told["pid"]), url=str(told["url"]), user_id=str(told["user_id"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return instance if _alive(instance.pid) and _answers(instance.url) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:  # it is there, but is another user's
        return True
    except OSError:
        return False
    return True


def _answers(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
