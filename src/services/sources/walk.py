"""Walks a folder without ever leaving it, whatever happens to it meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from src.core.errors import SourceError

from .globs import PathFilter
from .paths import readable_path

LEFT_OUT = frozenset(
    {"node_modules", "bower_components", "__pycache__", "venv", "site-packages", "dist-packages", "CVS"}
)
"""Folders that are not entered, besides hidden ones: what tools install or write."""

SHOWN = frozenset({".github", ".gitlab"})
"""Hidden folders that are entered all the same."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_Identity = tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """A wanted entry: its path in the source, where it is, and its state or why that is unknown."""

    path: str
    place: bytes
    state: os.stat_result | None
    error: str | None = None


def walk(top: Path, wanted: PathFilter, closed: Callable[[Path], bool]) -> Iterator[Found]:
    """Every wanted entry that is no folder, and each folder that cannot be read; no ``closed`` folder.

    A folder is opened only if it is still the one that its parent listed, so a link that takes a
    folder's place leads nowhere.
    """
    base = os.fsencode(top)
    waiting: list[tuple[bytes, _Identity | None]] = [(b"", None)]
    while waiting:
        folder, identity = waiting.pop()
        place = os.path.join(base, folder)
        try:
            items = _entries(place, identity)
        except OSError as error:
            yield Found(readable_path(folder), place, None, error.strerror or "it was replaced")
            continue
        for name, state, problem in items:
            raw = os.path.join(folder, name)
            path = readable_path(raw)
            is_folder = state is not None and stat.S_ISDIR(state.st_mode)
            if _hidden(os.fsdecode(name), is_folder=is_folder):
                continue
            if state is not None and is_folder:
                if not wanted.prunes(path) and not closed(Path(os.fsdecode(os.path.join(base, raw)))):
                    waiting.append((raw, (state.st_dev, state.st_ino)))
            elif wanted.wants(path):
                yield Found(path, os.path.join(base, raw), state, problem)


def read(found: Found, count: int | None = None) -> bytes:
    """The bytes of a listed file, or the first ``count``. Raises SourceError (``vanished``, ``changed``,
    ``unreadable``) where it is no longer what was listed."""
    try:
        # Without O_NONBLOCK the opening of a pipe that took the file's place would wait for a writer.
        handle = os.open(found.place, _OPEN | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceError("vanished", "The file was there when the folder was listed and is gone.") from None
    except OSError as error:
        raise SourceError("unreadable", f"The file cannot be read: {error.strerror}.") from error
    with open(handle, "rb") as file:
        same = _state(os.fstat(handle)) == _state(found.state)
        content = (file.read() if count is None else file.read(count)) if same else b""
        if not same or _state(os.fstat(handle)) != _state(found.state):
            raise SourceError(
                "changed", "The file changed while the folder was read; the next sync takes it."
            )
    return content


def _entries(
    place: bytes, identity: _Identity | None
) -> list[tuple[bytes, os.stat_result | None, str | None]]:
    handle = os.open(place, _OPEN | os.O_DIRECTORY)
    try:
        opened = os.fstat(handle)
        if identity is not None and identity != (opened.st_dev, opened.st_ino):
            raise OSError
        items: list[tuple[bytes, os.stat_result | None, str | None]] = []
        with os.scandir(handle) as entries:
            for entry in entries:
                try:
                    items.append((os.fsencode(entry.name), entry.stat(follow_symlinks=False), None))
                except OSError as error:
                    items.append((os.fsencode(entry.name), None, error.strerror))
    finally:
        os.close(handle)
    return sorted(items, key=lambda item: item[0])


def _hidden(name: str, *, is_folder: bool) -> bool:
    if is_folder and name in LEFT_OUT:
        return True
    return name.startswith(".") and not (is_folder and name in SHOWN)


def _state(state: os.stat_result | None) -> _Identity | None:
    if state is None:
        return None
    return state.st_mode, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
