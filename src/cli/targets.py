"""What ``ingest`` was pointed at: a repository's URL, a folder or a file."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from src.core.errors import NotFoundError, SourceError

from .exits import UsageError
from .multipart import FilePart

_URL = re.compile(r"^([a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)
_BATCH_FILES = 200
_BATCH_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Target:
    """One thing to add. ``kind`` is that of a source, or ``file``."""

    kind: str
    location: str

    @property
    def name(self) -> str:
        """What people call it."""
        return re.split(r"[/:\\]", self.location.rstrip("/\\").removesuffix(".git"))[-1] or self.location

    @property
    def address(self) -> str:
        """The location as a source keeps it: without user and password."""
        from src.services.sources.location import parse_location

        try:
            return parse_location(self.location, None).url if self.kind == "git" else self.location
        except SourceError:  # the server says what is wrong with it
            return self.location


def target_of(text: str) -> Target:
    """Raises NotFoundError for a path at which there is nothing, UsageError for no path at all."""
    if not text.strip():  # as of a variable that is not set; it would mean the folder one stands in
        raise UsageError("Name what to add: a path, or the URL of a repository.")
    if _URL.match(text):
        return Target("git", text)
    path = Path(text).expanduser()
    if path.is_dir():
        return Target("git" if _is_repository(path) else "folder", str(path.resolve()))
    if path.is_file():
        return Target("file", str(path.resolve()))
    if path.exists():
        raise UsageError(f"{text} is neither a file nor a folder, but a device, a pipe or a socket.")
    raise NotFoundError(f"There is neither a file nor a folder {text}, and it is not a URL.")


def _is_repository(folder: Path) -> bool:
    """Whether git keeps its data in the folder, or in ``.git`` within it."""
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    return bare or (folder / ".git").exists()


def files_below(folder: Path, include: Sequence[str], exclude: Sequence[str]) -> Iterator[FilePart]:
    """The files that a source of this folder would read, named from the folder's own name on."""
    from src.services.sources.globs import PathFilter
    from src.services.sources.walk import walk

    for found in walk(folder, PathFilter(include, exclude), lambda _: False):
        if found.state is not None and stat.S_ISREG(found.state.st_mode):
            place = Path(os.fsdecode(found.place))
            yield FilePart(f"{folder.name}/{found.path}", place, found.state.st_size)


def one_file(path: Path) -> FilePart:
    return FilePart(path.name, path, path.stat().st_size)


def batches(files: Iterator[FilePart]) -> Iterator[list[FilePart]]:
    """The files in requests of a moderate size."""
    batch: list[FilePart] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= _BATCH_FILES or size + file.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
