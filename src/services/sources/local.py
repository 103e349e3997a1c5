"""Git repositories on this machine: where one keeps its data, and that none of it is out of bounds."""

from __future__ import annotations

import os
from pathlib import Path

from src.core.errors import SourceError

from .roots import Roots

_DEEPEST = 5


def admit_repository(location: str, roots: Roots) -> Path:
    """Return the real path of a repository, bare or with a work tree.

    Everything that git would read for it must be below the roots: the repository that a ``.git`` file
    points to, the common folder of a work tree, and object stores borrowed from other repositories.
    Raises SourceError ``outside_roots`` or ``not_a_repository``.
    """
    path = roots.admit(location)
    try:
        folder = _git_folder(path)
        if folder is None:
            raise SourceError("not_a_repository", f"There is no git repository at {location}.")
        common = folder
        if (pointer := folder / "commondir").is_file():
            common = folder / _first_line(pointer)
        _require(roots, folder, common, common / "refs", common / "packed-refs")
        _check_objects(roots, common / "objects", depth=0)
    except OSError as error:
        raise SourceError(
            "unreadable", f"The repository at {location} cannot be read: {error.strerror}."
        ) from error
    return path


def _git_folder(path: Path) -> Path | None:
    inner = path / ".git"
    if inner.is_file():
        line = _first_line(inner)
        if line.startswith("gitdir: "):
            return path / line.removeprefix("gitdir: ")
        return None
    for folder in (inner, path):
        if (folder / "HEAD").is_file() and (
            (folder / "objects").is_dir() or (folder / "commondir").is_file()
        ):
            return folder
    return None


def _check_objects(roots: Roots, objects: Path, *, depth: int) -> None:
    _require(roots, objects, objects / "pack", *_links(objects), *_links(objects / "pack"))
    alternates = objects / "info" / "alternates"
    if not alternates.is_file() or depth >= _DEEPEST:
        return
    for line in alternates.read_text("utf-8", "surrogateescape").splitlines():
        if line and not line.startswith("#"):
            _check_objects(roots, objects / line, depth=depth + 1)


def _links(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_symlink()]


def _require(roots: Roots, *paths: Path) -> None:
    for path in paths:
        if not roots.contain(path.resolve()):
            raise SourceError(
                "outside_roots", "The repository keeps part of its data outside the folders that may be read."
            )


def _first_line(file: Path) -> str:
    with file.open(encoding="utf-8", errors="surrogateescape") as text:
        return text.readline(8192).rstrip("\r\n")
