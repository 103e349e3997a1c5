from __future__ import annotations

from pathlib import Path

import pytest

from scripts import licences


def lock(folder: Path, *names: str) -> Path:
    path = folder / "serve.lock"
    path.write_text(
        "".join(f"{name}==1.0 \\\n    --hash=sha256:00\n    # via -r serve.in\n" for name in names)
    )
    return path


def test_names_are_read_from_a_lock(tmp_path: Path) -> None:
    assert list(licences.locked_names(lock(tmp_path, "a", "b-c", "d.e"))) == ["a", "b-c", "d.e"]


def test_installed_packages_state_their_licence() -> None:
    assert licences.statement("pytest") == "MIT"
    assert "BSD" in (licences.statement("jinja2") or "")
    assert licences.statement("not-installed-here") is None


@pytest.mark.parametrize(
    "said", ["AGPL-3.0-only", "GPL-2.0-or-later", "GNU Affero General Public License v3", ""]
)
def test_a_binding_or_missing_licence_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(licences, "statement", lambda _name: said)
    assert len(list(licences.problems(lock(tmp_path, "a")))) == 1


@pytest.mark.parametrize("said", ["MIT", "LGPL-3.0-only", "MPL-2.0", "Apache Software License"])
def test_a_permissive_or_library_licence_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(licences, "statement", lambda _name: said)
    assert list(licences.problems(lock(tmp_path, "a"))) == []
