"""What is in a commit, and what differs between two: git's own listings, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .paths import readable_path
from .plumbing import Plumbing

_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RENAME_LIMIT = 1000
SYMLINK = "120000"
SUBMODULE = "160000"


@dataclass(frozen=True)
class Entry:
    """A path of a commit with its mode and object id; ``previous`` is its old path after a rename."""

    path: str
    mode: str
    object_id: str
    previous: str | None = None


@dataclass(frozen=True)
class Difference:
    """What is new or changed in the newer of two commits, and the paths that are gone."""

    entries: tuple[Entry, ...]
    deleted: tuple[str, ...]


def is_object_id(text: str) -> bool:
    return _OBJECT_ID.fullmatch(text) is not None


def list_commit(plumbing: Plumbing, folder: Path, commit: str, *, timeout_s: float) -> tuple[Entry, ...]:
    """Every entry below every folder of the commit. Raises GitFailure where objects are missing."""
    output = plumbing.run(
        f"--git-dir={folder}", "ls-tree", "-r", "-z", "--full-tree", commit, timeout_s=timeout_s
    )
    entries = []
    for record in output.split(b"\0")[:-1]:
        description, _, name = record.partition(b"\t")
        mode, _, object_id = description.decode("ascii").split(" ")
        entries.append(Entry(readable_path(name), mode, object_id))
    return tuple(entries)


def compare_commits(plumbing: Plumbing, folder: Path, old: str, new: str, *, timeout_s: float) -> Difference:
    """Compare two commits, renames found by likeness. Raises GitFailure where one of them is not there."""
    output = plumbing.run(
        f"--git-dir={folder}",
        "diff-tree",
        "-r",
        "-z",
        "--raw",
        "--no-abbrev",
        "--no-ext-diff",
        # Rewritten files are broken in two first: their old text may have moved, as in a -> b and b -> c.
        "-B",
        "-M",
        f"-l{_RENAME_LIMIT}",
        old,
        new,
        timeout_s=timeout_s,
    )
    entries: list[Entry] = []
    deleted: list[str] = []
    fields = iter(output.split(b"\0")[:-1])
    for description in fields:
        _, mode, _, object_id, status = description.decode("ascii").lstrip(":").split(" ")
        path = readable_path(next(fields))
        if status.startswith("D"):
            deleted.append(path)
        elif status.startswith("R"):
            entries.append(Entry(readable_path(next(fields)), mode, object_id, previous=path))
        else:
            entries.append(Entry(path, mode, object_id))
    return Difference(tuple(entries), tuple(deleted))
