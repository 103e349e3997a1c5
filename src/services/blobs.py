"""Original bytes on the disk, one file for each content."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from src.core.errors import NotFoundError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_INCOMING = "incoming"


class FileBlobs:
    """Stores bytes under their SHA-256 in ``root/ab/cd/abcd…``.

    A file gets its name only when its bytes are on the disk, and ``put`` returns only when its name is:
    what ``put`` acknowledged survives a power cut, and no reader meets half a file. Any number of
    processes may put the same content at once. ``delete`` is for what no document refers to any more;
    whoever calls it makes sure that the same content is not being put meanwhile.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        with suppress(FileNotFoundError):
            # Another writer may have named the file a moment ago without having synced the folder yet.
            if place.stat().st_size == len(content):
                os.utime(place)  # wanted again: a sweep of what nobody refers to leaves it alone
                _sync_folder(place.parent)
                return digest
        self._make_folders(place.parent)
        incoming = self._root / _INCOMING
        handle, name = tempfile.mkstemp(dir=incoming, prefix=f"{digest[:16]}-")
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            os.replace(name, place)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise
        _sync_folder(place.parent)
        return digest

    def get(self, digest: str) -> bytes:
        try:
            return self._known(digest).read_bytes()
        except FileNotFoundError:
            raise _missing(digest) from None

    def delete(self, digest: str) -> None:
        with suppress(NotFoundError):
            self._known(digest).unlink(missing_ok=True)

    def has(self, digest: str) -> bool:
        return _DIGEST.fullmatch(digest) is not None and self._place(digest).is_file()

    def unwanted_since(self, seconds: float) -> Iterator[str]:
        """The digests whose content was last put longer ago than that."""
        for digest in self.digests():
            with suppress(FileNotFoundError):
                if time.time() - self._place(digest).stat().st_mtime > seconds:
                    yield digest

    def digests(self) -> Iterator[str]:
        """Every digest stored, in order; what comes or goes meanwhile may be told or not."""
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
            for name in sorted(os.listdir(folder)):
                if _DIGEST.fullmatch(name):
                    yield name

    def sweep(self, older_than_s: float = 86_400) -> int:
        """Remove what writers that were killed left half-written; return how many files that was."""
        removed = 0
        for left in (self._root / _INCOMING).glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > older_than_s:
                    left.unlink()
                    removed += 1
        return removed

    def _place(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:4] / digest

    def _known(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise _missing(digest)
        return self._place(digest)

    def _make_folders(self, folder: Path) -> None:
        """Make the folders down to ``folder``, each named durably in the one above."""
        (self._root / _INCOMING).mkdir(parents=True, exist_ok=True)
        for made in (folder.parent, folder):
            with suppress(FileExistsError):
                made.mkdir()
            _sync_folder(made.parent)


def _missing(digest: str) -> NotFoundError:
    return NotFoundError(f"No stored bytes have the digest {digest[:64]}.")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
