from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from src.core.errors import InvalidRequestError, SourceError
from src.core.ports import SourceChanges, SourceSpec
from src.services.parsing.selection import skip_reason
from src.services.sources.folder import FolderLimits, FolderSource


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "top"
    folder.mkdir()
    return folder


def write(top: Path, **files: str) -> None:
    for name, text in files.items():
        put(top / name, text)


def put(path: Path, text: str = "text\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def listed(top: Path, *, limits: FolderLimits | None = None, **spec: tuple[str, ...]) -> SourceChanges:
    source = FolderSource((top.parent,), skip_reason, limits)
    checked = source.check(SourceSpec("folder", str(top), **spec))  # type: ignore[arg-type]
    return source.changes(checked, source_id="s1", since=None, report=lambda text: None)


def paths(changes: SourceChanges) -> set[str]:
    return {file.path for file in changes.files}


def reasons(changes: SourceChanges) -> dict[str, str]:
    return {skipped.path: skipped.code for skipped in changes.skipped}


def test_every_file_below_is_listed_with_its_bytes(top: Path) -> None:
    put(top / "a.md", "alpha")
    put(top / "deep/er/b.py", "beta = 1")
    changes = listed(top)
    assert changes.complete
    assert {file.path: file.read() for file in changes.files} == {
        "a.md": b"alpha",
        "deep/er/b.py": b"beta = 1",
    }
    assert {file.path: file.size for file in changes.files} == {"a.md": 5, "deep/er/b.py": 8}


def test_include_and_exclude_choose(top: Path) -> None:
    for name in ("a.py", "a.md", "tests/b.py", "docs/c.md"):
        put(top / name)
    assert paths(listed(top, include=("*.py", "docs/**"), exclude=("tests/",))) == {"a.py", "docs/c.md"}


def test_hidden_and_installed_things_are_left_out_without_a_word(top: Path) -> None:
    for name in (
        ".env",
        ".git/config",
        "x/.venv/a.py",
        "node_modules/m/a.js",
        "x/__pycache__/a.py",
        "venv/a.py",
    ):
        put(top / name)
    put(top / ".github/workflows/ci.yml")
    changes = listed(top)
    assert paths(changes) == {".github/workflows/ci.yml"}
    assert changes.skipped == ()


def test_the_folder_itself_may_lie_below_a_hidden_one(tmp_path: Path) -> None:
    put(tmp_path / ".hidden/node_modules/a.md")
    assert paths(listed(tmp_path / ".hidden/node_modules")) == {"a.md"}


def test_a_link_is_skipped_and_its_way_is_named(top: Path) -> None:
    put(top / "a.md")
    put(top.parent / "secret.md")
    (top / "inner.md").symlink_to("a.md")
    (top / "outer.md").symlink_to(top.parent / "secret.md")
    (top / "folder").symlink_to(top.parent)
    (top / "loop").symlink_to(top)
    (top / "dangling").symlink_to("nowhere")
    changes = listed(top)
    assert paths(changes) == {"a.md"}
    assert reasons(changes) == {
        "inner.md": "symlink",
        "outer.md": "outside_source",
        "folder": "outside_source",
        "loop": "symlink",
        "dangling": "symlink",
    }


def test_pipes_and_sockets_are_skipped_without_being_opened(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(top / "pipe")
    monkeypatch.chdir(top)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert reasons(listed(top)) == {"pipe": "not_a_file", "socket": "not_a_file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_skipped(top: Path) -> None:
    put(top / "closed.md").chmod(0)
    put(top / "shut/a.md").parent.chmod(0)
    changes = listed(top)
    (top / "shut").chmod(0o700)
    assert reasons(changes) == {"closed.md": "unreadable", "shut": "unreadable"}


def test_the_skip_rule_and_the_size_limit_give_their_reasons(top: Path) -> None:
    put(top / "empty.md", "")
    put(top / "app.min.js", "x" * 50)
    (top / "image.bin").write_bytes(bytes(range(256)) * 4)
    put(top / "long.md", "x" * 1001)
    changes = listed(top, limits=FolderLimits(max_file_bytes=1000 + 24))
    assert paths(changes) == {"long.md"}
    changes = listed(top, limits=FolderLimits(max_file_bytes=1000))
    assert reasons(changes) == {
        "empty.md": "empty",
        "app.min.js": "minified",
        "image.bin": "too_large",
        "long.md": "too_large",
    }


def test_a_folder_with_too_many_files_is_refused(top: Path) -> None:
    for number in range(6):
        put(top / f"{number}.md")
    with pytest.raises(SourceError) as refusal:
        listed(top, limits=FolderLimits(max_files=5))
    assert refusal.value.code == "too_large"


def test_revisions_change_with_the_file_and_only_then(top: Path) -> None:
    file = put(top / "a.md", "one")
    put(top / "b.md", "same")
    first, again = listed(top), listed(top)
    assert first.revision == again.revision
    file.write_text("two")
    os.utime(file, ns=(1, 1))
    second = listed(top)
    assert second.revision != first.revision
    before, after = ({f.path: f.revision for f in c.files} for c in (first, second))
    assert {path for path in after if after[path] != before[path]} == {"a.md"}


def replace_with_other(file: Path) -> None:
    file.write_text("other text")


def replace_with_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


def replace_with_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def replace_its_folder(file: Path) -> None:
    shutil.rmtree(file.parent)
    put(file.parent.parent / "elsewhere" / file.name)
    file.parent.symlink_to("elsewhere")


def remove_its_folder(file: Path) -> None:
    shutil.rmtree(file.parent)
    put(file.parent)


@pytest.mark.parametrize(
    ("happening", "codes"),
    [
        (Path.unlink, {"vanished"}),
        (remove_its_folder, {"vanished"}),
        (replace_with_other, {"changed"}),
        (replace_with_link, {"unreadable"}),
        (replace_with_pipe, {"changed"}),
        (replace_its_folder, {"changed"}),
    ],
)
def test_a_file_that_is_not_what_was_listed_is_not_read(
    top: Path, happening: object, codes: set[str]
) -> None:
    path = put(top / "sub/a.md")
    file = listed(top).files[0]
    assert callable(happening)
    happening(path)
    with pytest.raises(SourceError) as failure:
        file.read()
    assert failure.value.code in codes


def test_names_of_any_bytes_are_listed_and_read(top: Path, shared_data: Path) -> None:
    names = {b"caf\xe9.md", "naïve 日本.md".encode(), b"line\nend.md", b'quo"te.md', b" .md", b"\x1b[31m.md"}
    for text in json.loads((shared_data / "bad_input" / "blns.json").read_text()):
        name = text.replace("/", "").encode("utf-8", "surrogatepass")[:200]
        if name and not name.startswith(b".") and b"\0" not in name:
            names.add(name)
    for name in names:
        with open(os.path.join(os.fsencode(top), name), "wb") as file:
            file.write(b"text of " + name.hex().encode())
    changes = listed(top)
    assert reasons(changes) == {}
    assert len(paths(changes)) == len(names)
    assert {file.read() for file in changes.files} == {b"text of " + name.hex().encode() for name in names}
    assert all(file.path.encode() for file in changes.files)


def test_a_very_deep_folder_is_listed_as_far_as_the_system_allows(top: Path) -> None:
    here = os.open(top, os.O_RDONLY)
    name = "d" * 200
    for _ in range(30):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    put(top / name / "a.md")
    changes = listed(top)
    assert paths(changes) == {f"{name}/a.md"}
    assert set(reasons(changes).values()) == {"unreadable"}


def test_stoas_own_data_below_a_root_is_not_entered(top: Path) -> None:
    put(top / "a.md")
    put(top / "data/secret.key")
    source = FolderSource((top,), skip_reason, closed=(top / "data",))
    changes = source.changes(
        SourceSpec("folder", str(top)), source_id="s1", since=None, report=lambda text: None
    )
    assert paths(changes) == {"a.md"}
    with pytest.raises(SourceError):
        source.check(SourceSpec("folder", str(top / "data")))


@pytest.mark.parametrize(("name", "code"), [("missing", "no_such_folder"), ("a.md", "no_such_folder")])
def test_what_is_no_folder_is_refused(top: Path, name: str, code: str) -> None:
    put(top / "a.md")
    with pytest.raises(SourceError) as refusal:
        listed(top / name) if name == "missing" else FolderSource((top,), skip_reason).check(
            SourceSpec("folder", str(top / name))
        )
    assert refusal.value.code == code


def test_a_folder_outside_the_roots_is_refused_at_the_check_and_at_the_sync(top: Path) -> None:
    source = FolderSource((top / "only",), skip_reason)
    spec = SourceSpec("folder", str(top))
    with pytest.raises(SourceError):
        source.check(spec)
    with pytest.raises(SourceError):
        source.changes(spec, source_id="s1", since=None, report=lambda text: None)


def test_bad_patterns_and_git_options_are_refused_at_the_check(top: Path) -> None:
    source = FolderSource((top,), skip_reason)
    with pytest.raises(InvalidRequestError):
        source.check(SourceSpec("folder", str(top), include=("!x",)))
    for spec in (
        SourceSpec("folder", str(top), branch="main"),
        SourceSpec("folder", str(top), credential="x"),
    ):
        with pytest.raises(SourceError):
            source.check(spec)
