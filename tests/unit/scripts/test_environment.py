"""The first file of an install: readable to old Pythons, plain in what it asks for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from scripts import environment

SOURCE = Path(environment.__file__)
Version = namedtuple("Version", "major minor")


def test_an_old_python_can_read_it() -> None:
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_this_interpreter_suits() -> None:
    assert environment.suits(sys.executable)


def test_a_program_that_is_no_python_does_not_suit(tmp_path: Path) -> None:
    assert not environment.suits("/bin/false")
    assert not environment.suits(str(tmp_path / "missing"))


def test_an_old_python_is_told_which_versions_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 9))
    line = environment.lament()
    assert "needs Python 3.11 to 3.14" in line
    assert "is 3.9" in line
    assert "\n" not in line


def test_a_python_that_debian_took_apart_is_told_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 11))
    assert "apt install python3.11-venv" in environment.lament()


def test_a_profile_must_be_named() -> None:
    outcome = subprocess.run([sys.executable, SOURCE, "nothing"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 2
    assert outcome.stderr == "usage: environment.py serve|dev\n"
