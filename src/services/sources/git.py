"""Git repositories as sources of documents."""

from __future__ import annotations

import dataclasses
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from src.core.ports import SourceChanges, SourceFile, SourceSpec

from .candidates import HEAD_BYTES, Candidates, SkipRule
from .clone import Clone, FetchLimits
from .globs import PathFilter
from .listing import SUBMODULE, SYMLINK, Entry, compare_commits, list_commit
from .local import admit_repository
from .location import Location, parse_location
from .objects import DamagedCloneError, Objects
from .plumbing import GitFailure, Plumbing
from .roots import Roots
from .tips import check_branch, find_tip

log = logging.getLogger(__name__)

_SOURCE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_REPORT_S = 2.0
_ODD = ({"", ".", ".."}, "odd_name", "The path has an empty name, '.' or '..' in it.")


@dataclass(frozen=True)
class GitLimits:
    """Seconds for asking, fetching and local work; bytes of a clone and of a file; files of a source."""

    ask_s: float = 20.0
    fetch_s: float = 1800.0
    local_s: float = 600.0
    max_clone_bytes: int = 4 * 2**30
    max_file_bytes: int = 50 * 2**20
    max_files: int = 100_000


class GitSource:
    """Reads git repositories by URL (https, http, ssh, git) or by path below the allowed roots.

    Each source has a bare, shallow clone under ``clones``; no work tree is ever made, so no hook,
    filter or symbolic link of a repository takes effect. Symbolic links and submodules are listed as
    skipped, and so is what ``skip`` has a reason for. No repository at or below ``closed`` is read.
    """

    kind = "git"

    def __init__(
        self,
        clones: Path,
        roots: tuple[Path, ...],
        skip: SkipRule,
        limits: GitLimits | None = None,
        closed: tuple[Path, ...] = (),
    ) -> None:
        self._clones = clones.absolute()
        self._roots = Roots(roots, closed)
        self._skip = skip
        self._limits = limits or GitLimits()
        self._plumbing = Plumbing(self._clones)

    def check(self, spec: SourceSpec) -> SourceSpec:
        """Ask the repository for its branch. The spec returned has a location without user or token.

        Raises SourceError (``bad_location``, ``outside_roots``, ``not_a_repository``, ``unreachable``,
        ``authentication_failed``, ``no_such_branch``, ``empty_repository``, ``timeout`` …), or
        InvalidRequestError for a bad pattern.
        """
        PathFilter(spec.include, spec.exclude)
        check_branch(spec.branch)
        remote = self._locate(spec)
        find_tip(self._plumbing, remote, spec.branch, timeout_s=self._limits.ask_s)
        credential = remote.credential.text if remote.credential else None
        return dataclasses.replace(spec, location=remote.url, credential=credential)

    def changes(
        self, spec: SourceSpec, *, source_id: str, since: str | None, report: Callable[[str], None]
    ) -> SourceChanges:
        """Fetch the latest commit and list it, or what differs between ``since`` and it.

        ``since`` is the commit of the last sync under the same patterns; where it is no longer known
        the listing is complete. Raises SourceError.
        """
        wanted = PathFilter(spec.include, spec.exclude)
        remote = self._locate(spec)
        report("Asking the repository for its latest commit")
        tip = find_tip(self._plumbing, remote, spec.branch, timeout_s=self._limits.ask_s)
        if tip.commit == since:
            return SourceChanges(since, complete=False, files=(), deleted=(), skipped=())
        clone = self._clone(source_id)
        report("Fetching")
        commit = clone.bring(remote, tip, since, report)
        try:
            return self._list(clone, commit, since, wanted, report)
        except (GitFailure, DamagedCloneError) as error:
            log.warning("clone of source %s is damaged and made afresh: %r", source_id, error)
        commit = clone.remake(remote, tip, report)
        try:
            return self._list(clone, commit, None, wanted, report)
        except GitFailure as failure:
            raise DamagedCloneError from failure

    def remove(self, source_id: str) -> None:
        """Delete the clone of a source that is gone."""
        self._clone(source_id).remove()

    def _locate(self, spec: SourceSpec) -> Location:
        remote = parse_location(spec.location, spec.credential)
        if remote.scheme != "file":
            return remote
        return dataclasses.replace(remote, url=str(admit_repository(remote.url, self._roots)))

    def _clone(self, source_id: str) -> Clone:
        if not _SOURCE_ID.fullmatch(source_id):
            raise ValueError(f"not a source id: {source_id!r}")
        limits = FetchLimits(self._limits.fetch_s, self._limits.max_clone_bytes)
        return Clone(self._plumbing, self._clones / f"{source_id}.git", limits)

    def _list(
        self, clone: Clone, commit: str, since: str | None, wanted: PathFilter, report: Callable[[str], None]
    ) -> SourceChanges:
        timeout_s = self._limits.local_s
        complete = since is None or not clone.holds(since)
        gone: list[str] = []
        if since is None or complete:
            entries = list_commit(self._plumbing, clone.folder, commit, timeout_s=timeout_s)
        else:
            found = compare_commits(self._plumbing, clone.folder, since, commit, timeout_s=timeout_s)
            entries = found.entries
            gone += found.deleted
            gone += (e.previous for e in entries if e.previous is not None)
        objects = Objects(self._plumbing, clone.folder, timeout_s=timeout_s)
        chosen = [entry for entry in entries if wanted.wants(entry.path)]
        try:
            candidates = self._judge(objects, chosen, wanted, report)
        except BaseException:
            objects.close()
            raise
        followed = {file.previous_path for file in candidates.files}
        return SourceChanges(
            commit,
            complete=complete,
            files=tuple(candidates.files),
            deleted=tuple(path for path in gone if wanted.wants(path) and path not in followed),
            skipped=tuple(candidates.skipped),
        )

    def _judge(
        self, objects: Objects, entries: Sequence[Entry], wanted: PathFilter, report: Callable[[str], None]
    ) -> Candidates:
        candidates = Candidates(
            self._skip, max_file_bytes=self._limits.max_file_bytes, limit=self._limits.max_files
        )
        blobs = []
        for entry in entries:
            if entry.mode == SYMLINK:
                candidates.leave(entry.path, "symlink", "The entry is a symbolic link.")
            elif entry.mode == SUBMODULE:
                candidates.leave(entry.path, "submodule", "The entry is another repository (a submodule).")
            elif _ODD[0] & set(entry.path.split("/")):
                candidates.leave(entry.path, *_ODD[1:])
            else:
                blobs.append(entry)
        sizes = objects.sizes(entry.object_id for entry in blobs)
        told = time.monotonic()
        for number, entry in enumerate(blobs):
            if time.monotonic() - told > _REPORT_S:
                told = time.monotonic()
                report(f"Looking at file {number:,} of {len(blobs):,}")
            read = partial(objects.read, entry.object_id)
            previous = entry.previous if entry.previous and wanted.wants(entry.previous) else None
            file = SourceFile(entry.path, sizes[entry.object_id], entry.object_id, read, previous)
            candidates.consider(file, partial(_head, read))
        return candidates


def _head(read: Callable[[], bytes]) -> bytes:
    return read()[:HEAD_BYTES]
