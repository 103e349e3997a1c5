"""Real repositories, and real servers for them on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitSource
from tests.support.git import GitHttpServer, Repository


@pytest.fixture(autouse=True)
def _own_git_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The git that makes the repositories reads no settings of the machine or of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder below which local repositories may be read."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def source(tmp_path: Path, root: Path) -> GitSource:
    return GitSource(tmp_path / "clones", (root,), skip_reason)


@pytest.fixture
def repository(root: Path, _own_git_settings: None) -> Repository:
    return Repository.create(root / "project")


@pytest.fixture
def http(tmp_path: Path, root: Path) -> Iterator[GitHttpServer]:
    """git's own HTTP backend over the repositories in ``root``; ``ann`` with ``s3cret-t0ken`` may read."""
    with GitHttpServer(root, "ann", "s3cret-t0ken") as server:
        yield server
