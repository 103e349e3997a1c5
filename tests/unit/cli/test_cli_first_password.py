"""The generated password of the first account is shown by whichever command makes it, whatever follows."""

from __future__ import annotations

import socket
from pathlib import Path
from stat import S_IMODE

import pytest

from src.cli import exits
from src.cli.main import main

from .test_cli_commands import environment

SENTENCE = "Your first account is admin, its password "


def first_start(folder: Path, **more: str) -> dict[str, str]:
    return {**environment(folder, **more), "STOA_ADMIN_PASSWORD": ""}


def test_a_first_start_that_fails_has_shown_the_generated_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code = main(["all"], first_start(tmp_path, STOA_PORT=str(port)))
    printed = capsys.readouterr().err
    assert code != exits.OK
    assert f"{port} on 127.0.0.1 is taken" in printed
    assert SENTENCE in printed


def test_the_first_start_makes_the_data_folder_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    variables = {"STOA_DATA_DIR": str(folder), "STOA_EMBEDDING_MODEL": "/no/such/model", "STOA_CONFIG": ""}
    assert main(["all"], variables) == exits.CONFIGURATION
    assert (folder / "logs" / "stoa.log").exists()
    assert S_IMODE(folder.stat().st_mode) == 0o700


def test_a_command_that_makes_the_first_account_shows_its_password_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = first_start(tmp_path)
    assert main(["user", "list", "--json"], variables) == exits.OK
    first = capsys.readouterr()
    assert SENTENCE in first.err
    assert SENTENCE not in first.out
    assert main(["user", "list", "--json"], variables) == exits.OK
    assert SENTENCE not in capsys.readouterr().err
