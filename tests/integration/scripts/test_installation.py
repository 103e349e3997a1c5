"""A real environment made from a folder of wheels, so that no index is needed."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts.installation import Environment, InstallError


def wheel(folder: Path, name: str, version: str) -> str:
    """Write a wheel with one module and give its line for a lock file."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},sha256={_digest(text)},{len(text)}\n" for file, text in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(file, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with locks for one package, on a machine that has a folder of wheels and no index."""
    for name in ("wheels", "checkout", "checkout/requirements"):
        (tmp_path / name).mkdir()
    line = wheel(tmp_path / "wheels", "lamp", "1.0")
    for name in ("serve", "dev"):
        (tmp_path / "checkout" / "requirements" / f"{name}.lock").write_text(line)
    (tmp_path / "checkout" / "requirements" / "installer.lock").write_text(
        f"uv==99 --hash=sha256:{'0' * 64}\n"
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path / "checkout"


def version_in(checkout: Path) -> str:
    code = "import lamp; print(lamp.version)"
    python = checkout / ".venv" / "bin" / "python"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.timeout(240)
def test_an_environment_is_made_once_kept_and_made_anew_where_it_must(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = Environment(checkout)
    assert not environment.holds("serve")

    environment.install("serve")
    assert version_in(checkout) == "1.0"
    assert environment.holds("serve")
    assert not environment.holds("dev")
    assert "The quick installer cannot be used here" in capsys.readouterr().err

    kept = checkout / ".venv" / "kept"
    kept.touch()
    for name in ("serve", "dev"):
        (checkout / "requirements" / f"{name}.lock").write_text(wheel(tmp_path / "wheels", "lamp", "2.0"))
    assert not environment.holds("serve"), "a new lock asks for a new install"
    environment.install("dev")
    assert version_in(checkout) == "2.0"
    assert environment.holds("serve"), "what develops also serves"
    assert kept.exists(), "a newer lock is installed into the environment that is there"

    (checkout / ".venv" / "installed").unlink()
    assert not environment.holds("dev"), "an install that did not finish does not count"
    environment.install("dev")
    assert not kept.exists(), "what an interrupted install left is not trusted"

    other = checkout.rename(tmp_path / "elsewhere")
    assert not Environment(other).holds("dev"), "the programs of a moved environment name its old place"


def test_a_package_that_differs_from_the_lock_is_refused(checkout: Path) -> None:
    (checkout / "requirements" / "serve.lock").write_text(f"lamp==1.0 --hash=sha256:{'0' * 64}\n")
    environment = Environment(checkout)
    with pytest.raises(InstallError, match="not the one that was locked"):
        environment.install("serve")
    assert not environment.holds("serve")
