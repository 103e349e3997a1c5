"""Folders of this machine as sources of documents."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from src.core.errors import SourceError
from src.core.ports import SourceChanges, SourceFile, SourceSpec

from .candidates import HEAD_BYTES, Candidates, SkipRule
from .globs import PathFilter
from .roots import Roots
from .walk import Found, read, walk

_REPORT_S = 2.0


@dataclass(frozen=True)
class FolderLimits:
    """Bytes of a file, and files of a source."""

    max_file_bytes: int = 50 * 2**20
    max_files: int = 100_000


class FolderSource:
    """Reads folders below the allowed roots.

    Left out without a word: hidden files and folders (a leading dot; ``.env`` and the like hold
    secrets), except ``.github`` and ``.gitlab``, and the folders of ``walk.LEFT_OUT``. The folder that the
    source names may itself have such a name. Listed as skipped: symbolic links, what is not a regular
    file, what cannot be read, and what ``skip`` has a reason for. A symbolic link is never followed, so
    there is no loop and no way out; its target is read in its own place if that is in the source.
    Folders at or below ``closed`` are never entered.
    """

    kind = "folder"

    def __init__(
        self,
        roots: tuple[Path, ...],
        skip: SkipRule,
        limits: FolderLimits | None = None,
        closed: tuple[Path, ...] = (),
    ) -> None:
        self._roots = Roots(roots, closed)
        self._skip = skip
        self._limits = limits or FolderLimits()

    def check(self, spec: SourceSpec) -> SourceSpec:
        """Raises SourceError (``bad_location``, ``outside_roots``, ``no_such_folder``, ``unreadable``),
        or InvalidRequestError for a bad pattern."""
        PathFilter(spec.include, spec.exclude)
        if spec.branch is not None or spec.credential is not None:
            raise SourceError(
                "bad_location", "A folder has neither a branch nor a credential; leave them out."
            )
        return dataclasses.replace(spec, location=str(self._open(spec.location)))

    def changes(
        self, spec: SourceSpec, *, source_id: str, since: str | None, report: Callable[[str], None]
    ) -> SourceChanges:
        """List the folder; the listing is always complete. Its revision is a digest of what is listed.

        A file's revision is made of size, modification time and inode. Raises SourceError.
        """
        top = self._open(spec.location)
        wanted = PathFilter(spec.include, spec.exclude)
        candidates = Candidates(
            self._skip, max_file_bytes=self._limits.max_file_bytes, limit=self._limits.max_files
        )
        told = time.monotonic()
        for found in walk(top, wanted, self._roots.closes):
            if time.monotonic() - told > _REPORT_S:
                told = time.monotonic()
                report(f"Looking through the folder: {len(candidates.files):,} files so far")
            _consider(candidates, found, top)
        digest = hashlib.sha256()
        for file in sorted(candidates.files, key=lambda file: file.path):
            digest.update(f"{file.path}\0{file.revision}\n".encode())
        return SourceChanges(
            digest.hexdigest(),
            complete=True,
            files=tuple(candidates.files),
            deleted=(),
            skipped=tuple(candidates.skipped),
        )

    def remove(self, source_id: str) -> None:
        """Nothing is kept of a folder but what was ingested."""

    def _open(self, location: str) -> Path:
        path = self._roots.admit(location)
        try:
            with os.scandir(path):
                return path
        except (FileNotFoundError, NotADirectoryError):
            raise SourceError("no_such_folder", f"There is no folder at {location}.") from None
        except OSError as error:
            raise SourceError("unreadable", f"{location} cannot be read: {error.strerror}.") from error


def _consider(candidates: Candidates, found: Found, top: Path) -> None:
    state = found.state
    if state is None:
        candidates.leave(found.path, "unreadable", f"It cannot be read: {found.error}.", unseen=True)
    elif stat.S_ISLNK(state.st_mode):
        candidates.leave(found.path, *_link_reason(found.place, top))
    elif not stat.S_ISREG(state.st_mode):
        candidates.leave(found.path, "not_a_file", "It is a device, a pipe or a socket.")
    else:
        revision = f"{state.st_size}-{state.st_mtime_ns}-{state.st_ino}"
        file = SourceFile(found.path, state.st_size, revision, partial(read, found))
        try:
            candidates.consider(file, partial(read, found, HEAD_BYTES))
        except SourceError as error:
            candidates.leave(found.path, error.code, error.detail, unseen=error.code != "vanished")


def _link_reason(place: bytes, top: Path) -> tuple[str, str]:
    try:
        inside = Path(os.fsdecode(os.path.realpath(place))).is_relative_to(top)
    except OSError:
        inside = False
    if inside:
        return "symlink", "It is a symbolic link; what it points to is read in its own place."
    return "outside_source", "It is a symbolic link that leads out of the source."
