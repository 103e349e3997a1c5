"""The sample that every installation has: the library folder of the Python that runs Stoa."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from src.core.ports import SourceSpec

_NOT_LIBRARY = (
    "test/",
    "tests/",
    "idle_test/",
    "site-packages/",
    "dist-packages/",
    "__pycache__/",
    "/config-*/",
    "/ensurepip/_bundled/",
)


def stdlib_folder() -> Path:
    """Where the standard library lies; a FolderSource that is to read it needs this among its roots."""
    return Path(sysconfig.get_path("stdlib")).resolve()


def stdlib_source() -> SourceSpec:
    """The ``.py`` files of the standard library, without its tests and without installed packages."""
    return SourceSpec(
        kind="folder", location=str(stdlib_folder()), include=("**/*.py",), exclude=_NOT_LIBRARY
    )
