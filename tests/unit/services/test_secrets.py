from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import ConfigurationError
from src.services.secrets import load_or_create_secret


def test_the_first_call_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    key = load_or_create_secret(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_secret(path) == key
    assert os.listdir(path.parent) == ["secret.key"]


def test_the_mode_holds_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_create_secret(tmp_path / "secret.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_two_folders_get_two_keys(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path / "a") != load_or_create_secret(tmp_path / "b")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    load_or_create_secret(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {path}"):
        load_or_create_secret(path)


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        load_or_create_secret(path)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.key").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"secret\.key"):
        load_or_create_secret(tmp_path / "secret.key")


def test_threads_that_start_together_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(load_or_create_secret, [tmp_path / "secret.key"] * 32))
    assert len(keys) == 1


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from src.services.secrets import load_or_create_secret\n"
        "sys.stdin.read(); print(load_or_create_secret(Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "secret.key")]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    keys = {process.communicate("go")[0] for process in running}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 64
