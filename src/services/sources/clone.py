"""The bare, shallow copy of one remote repository that Stoa keeps, and how it is brought up to date."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from src.core.errors import SourceError

from .faults import explain
from .listing import is_object_id
from .location import Location
from .plumbing import GitFailure, Plumbing
from .tips import Tip

log = logging.getLogger(__name__)

_TIP = "refs/stoa/tip"
_SINCE = "refs/stoa/since"
_LOCAL_S = 300.0
_LOCK_S = 1800.0


@dataclass(frozen=True)
class FetchLimits:
    """Seconds that a fetch may take in all, and bytes that a clone may have on the disk."""

    timeout_s: float
    max_bytes: int


class Clone:
    """One clone. It holds the latest commit and the last synced one, without the history between.

    A clone is made in a folder of its own and renamed when it is whole, so a half-made one is never
    used; one that turns out damaged is replaced in the same way. A lock file lets one process or
    thread at a time change it, while others may read.
    """

    def __init__(self, plumbing: Plumbing, folder: Path, limits: FetchLimits) -> None:
        self.folder = folder
        self._plumbing = plumbing
        self._limits = limits

    def bring(self, remote: Location, tip: Tip, since: str | None, report: Callable[[str], None]) -> str:
        """Make sure that the tip is here and return its commit. Raises SourceError."""
        with self._locked():
            self._sweep()
            if not self.folder.exists():
                return self._make(remote, tip, report)
            try:
                if since is not None and self.holds(since):
                    self._git("update-ref", _SINCE, since)
                if self.holds(tip.commit):
                    self._git("update-ref", _TIP, tip.commit)
                    return tip.commit
                return self._fetch(self.folder, remote, tip, report)
            except GitFailure as failure:
                fault = explain(failure, remote)
                # The remote has just answered, so what is no repository now is more likely the clone.
                if fault.code not in {"git_failed", "not_a_repository"}:
                    raise fault from None
                log.warning("clone %s is made afresh: %s", self.folder.name, fault.detail)
            return self._make(remote, tip, report)

    def remake(self, remote: Location, tip: Tip, report: Callable[[str], None]) -> str:
        """Replace a damaged clone. Raises SourceError."""
        with self._locked():
            return self._make(remote, tip, report)

    def holds(self, commit: str) -> bool:
        """Whether the commit is here; where ``commit`` is no object id, it is not."""
        try:
            return is_object_id(commit) and self._git("cat-file", "-t", commit) == b"commit\n"
        except GitFailure:
            return False

    def remove(self) -> None:
        """Forget the clone; one that is not there is no error."""
        with self._locked():
            self._sweep()
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock_path.unlink(missing_ok=True)

    def _make(self, remote: Location, tip: Tip, report: Callable[[str], None]) -> str:
        made = Path(tempfile.mkdtemp(dir=self.folder.parent, prefix=f"{self.folder.name}.", suffix=".part"))
        try:
            form = "sha256" if len(tip.commit) == 64 else "sha1"
            self._git("init", "--quiet", "--bare", "--template=", f"--object-format={form}", folder=made)
            commit = self._fetch(made, remote, tip, report)
            old = made.with_suffix(".old")
            if self.folder.exists():
                os.rename(self.folder, old)
            os.rename(made, self.folder)
            shutil.rmtree(old, ignore_errors=True)
        except GitFailure as failure:
            raise explain(failure, remote) from None
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return commit

    def _fetch(self, folder: Path, remote: Location, tip: Tip, report: Callable[[str], None]) -> str:
        deep = folder / "objects" / "pack"

        def watch() -> None:
            if _bytes_in(deep) > self._limits.max_bytes:
                most = self._limits.max_bytes / 2**20
                raise SourceError("too_large", f"The repository takes more than {most:,.0f} MB; it was left.")

        options = ["--progress", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"]
        arguments = [f"--git-dir={folder}", "fetch", *options, "--update-shallow"]
        target = ("--", remote.url, f"+{tip.reference}:{_TIP}")
        try:
            self._remote(remote, watch, report, *arguments, "--depth=1", *target)
        except GitFailure as failure:
            if "does not support shallow" not in failure.stderr:
                raise
            self._remote(remote, watch, report, *arguments, *target)
        watch()
        self._tidy(folder)
        return self._git("rev-parse", "--verify", f"{_TIP}^{{commit}}", folder=folder).decode().strip()

    def _remote(
        self, remote: Location, watch: Callable[[], None], report: Callable[[str], None], *arguments: str
    ) -> None:
        self._plumbing.run(
            *arguments, timeout_s=self._limits.timeout_s, remote=remote, watch=watch, report=report
        )

    def _tidy(self, folder: Path) -> None:
        """Join the packs of many fetches now and then; a failure costs disk space only."""
        try:
            self._git("gc", "--auto", "--quiet", folder=folder)
        except (GitFailure, SourceError) as error:
            log.warning("clone %s could not be tidied: %s", folder.name, error)

    def _git(self, *arguments: str, folder: Path | None = None) -> bytes:
        git_dir = f"--git-dir={folder or self.folder}"
        return self._plumbing.run(git_dir, *arguments, timeout_s=_LOCAL_S)

    def _sweep(self) -> None:
        """Remove what an interrupted clone left behind; the lock says that nobody is at it."""
        for pattern in (f"{self.folder.name}.*.part", f"{self.folder.name}.*.old"):
            for left in self.folder.parent.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)

    @property
    def _lock_path(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.lock")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + _LOCK_S
        with self._lock_path.open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise SourceError("busy", "Another sync of this source does not end.") from None
                    time.sleep(0.1)
            yield


def _bytes_in(folder: Path) -> int:
    """Bytes of the files of a folder, which may change while it is read."""
    total = 0
    try:
        with os.scandir(folder) as items:
            for item in items:
                try:
                    total += item.stat().st_size
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        return 0
    return total
