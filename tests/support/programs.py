"""The programs from outside Python that some tests drive, and what happens where one is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def find_program(name: str, *folders: str) -> Path | None:
    """The program's path, from ``folders`` (glob patterns; the last match, so the newest) or PATH."""
    for pattern in folders:
        root, _, rest = pattern.lstrip("/").partition("/")
        for folder in sorted(Path("/", root).glob(rest), reverse=True):
            if (folder / name).is_file():
                return folder / name
    found = shutil.which(name)
    return Path(found) if found else None


def find_postgres() -> Path | None:
    """The folder with ``initdb`` and ``postgres``; Debian keeps it off PATH."""
    program = find_program("initdb", "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
    return program.resolve().parent if program else None


def find_chromium() -> Path | None:
    return find_program("chromium") or find_program("chromium-browser") or find_program("google-chrome")


def find_chromedriver() -> Path | None:
    return find_program("chromedriver")


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def without(reason: str) -> NoReturn:
    """Skip the test, or fail it on CI, where every program must be there and nothing may go unseen."""
    if on_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
