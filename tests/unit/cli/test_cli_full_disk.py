"""A command that meets a full disk says so in a line."""

from __future__ import annotations

import errno

import pytest

from src.cli import exits
from src.cli.main import main
from src.cli.verbs import migrate


def test_a_full_disk_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(migrate, "run", full)
    assert main(["migrate"], {}) == exits.FAILED
    told = capsys.readouterr().err
    assert told.startswith("stoa: The disk is full")
    assert told.count("\n") == 1
