"""Locations and repositories that try to get more than they may."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.core.ports import SourceChanges, SourceSpec
from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitSource
from tests.support.git import GitHttpServer, Repository


@pytest.fixture
def source(tmp_path: Path, root: Path) -> GitSource:
    return GitSource(tmp_path / "clones", (root,), skip_reason, closed=(tmp_path / "clones",))


def sync(source: GitSource, location: object) -> SourceChanges:
    spec = source.check(SourceSpec("git", str(location)))
    return source.changes(spec, source_id="s1", since=None, report=lambda text: None)


def code_of(source: GitSource, location: object) -> str:
    with pytest.raises(SourceError) as refusal:
        source.check(SourceSpec("git", str(location)))
    return refusal.value.code


def paths(changes: SourceChanges) -> set[str]:
    return {file.path for file in changes.files}


@pytest.mark.parametrize(
    "location",
    [
        "--upload-pack=touch {mark}",
        "-u touch {mark}",
        "ext::sh -c 'touch {mark}'",
        "ext::sh%20-c%20touch%20{mark}",
        "ssh://-oProxyCommand=touch {mark}/r",
        "ssh://-oProxyCommand=touch%20{mark}/r",
        "-oProxyCommand=touch {mark}:r",
        "git@-oProxyCommand=touch${{IFS}}{mark}:r",
        "file://{mark}/../../etc",
        "https://127.0.0.1:1/$(touch {mark})",
        "https://127.0.0.1:1/`touch {mark}`;touch {mark}",
        "ssh://127.0.0.1:1/x;touch {mark}",
    ],
)
def test_no_location_runs_a_command(source: GitSource, tmp_path: Path, location: str) -> None:
    mark = tmp_path / "mark"
    code_of(source, location.format(mark=mark))
    assert not mark.exists()


def test_a_credential_runs_no_command(
    source: GitSource, repository: Repository, http: GitHttpServer, tmp_path: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    mark = tmp_path / "mark"
    http.user, http.password = "$(touch m)", f'`touch {mark}`"; touch {mark} %s\\n'
    address = f"{http.address}/project/.git"
    spec = source.check(SourceSpec("git", address, credential=http.secret))
    changes = source.changes(spec, source_id="s1", since=None, report=lambda text: None)
    assert paths(changes) == {"a.md"}
    assert not mark.exists()


def test_a_local_repository_runs_nothing_of_its_own_settings(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\nexit 0\n")
    script.chmod(0o755)
    repository.commit({"a.md": "a\n", ".gitattributes": "*.md filter=evil diff=evil\n"})
    for name in ("post-checkout", "pre-upload", "reference-transaction", "post-merge"):
        shutil.copy(script, repository.path / ".git" / "hooks" / name)
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "uploadpack.packObjectsHook",
        "filter.evil.smudge",
        "diff.evil.textconv",
        "diff.external",
        "core.pager",
        "core.alternateRefsCommand",
    ):
        repository.git("config", key, str(script))
    assert paths(sync(source, repository.path)) == {"a.md", ".gitattributes"}
    assert not mark.exists()


def test_a_local_repository_is_read_below_the_roots_only(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    outside = Repository.create(tmp_path / "outside")
    outside.commit({"secret.md": "secret\n"})
    (repository.path.parent / "link").symlink_to(outside.path)
    for location in (
        outside.path,
        f"file://{outside.path}",
        f"{repository.path}/../../outside",
        repository.path.parent / "link",
        tmp_path / "missing",
    ):
        assert code_of(source, location) == "outside_roots"
    spec = SourceSpec("git", str(outside.path))
    with pytest.raises(SourceError):
        source.changes(spec, source_id="s1", since=None, report=lambda text: None)


@pytest.mark.parametrize(
    "way", ["git file", "git link", "objects link", "pack link", "object link", "alternates", "commondir"]
)
def test_a_repository_that_borrows_from_outside_is_refused(
    source: GitSource, root: Path, tmp_path: Path, way: str
) -> None:
    outside = Repository.create(tmp_path / "outside")
    outside.commit({"secret.md": "secret\n"})
    git = outside.path / ".git"
    if way in {"git file", "git link"}:
        (root / "bait").mkdir()
        if way == "git file":
            (root / "bait" / ".git").write_text(f"gitdir: {git}\n")
        else:
            (root / "bait" / ".git").symlink_to(git)
    else:
        bait = Repository.create(root / "bait")
        bait.commit({"a.md": "a\n"})
        objects = bait.path / ".git" / "objects"
        if way == "objects link":
            shutil.rmtree(objects)
            objects.symlink_to(git / "objects")
        elif way == "pack link":
            shutil.rmtree(objects / "pack")
            (objects / "pack").symlink_to(git / "objects" / "pack")
        elif way == "object link":
            name = outside.head()
            (objects / name[:2]).mkdir(exist_ok=True)
            (objects / "pack" / "pack-1.pack").symlink_to(git / "objects" / name[:2] / name[2:])
        elif way == "alternates":
            (objects / "info" / "alternates").write_text(f"# one\n{git / 'objects'}\n")
        else:
            (bait.path / ".git" / "commondir").write_text(f"{git}\n")
    assert code_of(source, root / "bait") == "outside_roots"


def test_bare_repositories_work_trees_and_borrowed_objects_below_the_roots_are_read(
    source: GitSource, repository: Repository, root: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    repository.git("worktree", "add", "--quiet", "-b", "side", str(root / "side tree"))
    repository.git("clone", "--quiet", "--bare", ".", str(root / "bare.git"))
    repository.git("clone", "--quiet", "--shared", ".", str(root / "shared"))
    for name in ("project", "project/.git", "side tree", "bare.git", "shared"):
        assert paths(sync(source, root / name)) == {"a.md"}
        source.remove("s1")


def test_a_folder_without_a_repository_is_said_to_be_one(source: GitSource, root: Path) -> None:
    (root / "plain").mkdir()
    (root / "odd").mkdir()
    (root / "odd" / ".git").write_text("not a pointer")
    for name in ("plain", "odd", "missing"):
        assert code_of(source, root / name) == "not_a_repository"


def test_a_machine_without_git_says_so(
    source: GitSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert code_of(source, "https://127.0.0.1:1/project.git") == "git_missing"


def test_stoas_own_clones_are_no_source(root: Path, repository: Repository) -> None:
    repository.commit({"a.md": "a\n"})
    source = GitSource(root / "data" / "clones", (root,), skip_reason, closed=(root / "data",))
    assert paths(sync(source, repository.path)) == {"a.md"}
    assert code_of(source, root / "data" / "clones" / "s1.git") == "outside_roots"


def test_the_settings_and_variables_of_whoever_runs_stoa_do_not_matter(
    source: GitSource,
    repository: Repository,
    http: GitHttpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.commit({"a.md": "a\n"})
    http.open_to_all = True
    home = tmp_path / "home"
    home.mkdir()
    config = (
        '[url "/nowhere/"]\n\tinsteadOf = http://\n[protocol]\n\tallow = never\n[core]\n\thooksPath = /x\n'
    )
    (home / ".gitconfig").write_text(config)
    other = Repository.create(tmp_path / "other")
    variables = {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "url./nowhere/.insteadOf",
        "GIT_CONFIG_VALUE_0": "http://",
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_OBJECT_DIRECTORY": str(other.path / ".git" / "objects"),
        "GIT_INDEX_FILE": str(other.path / "index"),
        "GIT_NAMESPACE": "odd",
        "GIT_SSH_COMMAND": "false",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "de_DE.UTF-8",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    spec = source.check(SourceSpec("git", f"{http.address}/project/.git"))
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
        assert os.environ[name]
    changes = source.changes(spec, source_id="s1", since=None, report=lambda text: None)
    assert {file.path: file.read() for file in changes.files} == {"a.md": b"a\n"}


def test_git_is_not_given_stoas_own_secrets(
    source: GitSource, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.md": "a\n"})
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-stoa")
    changes = sync(source, repository.path)
    changes.files[0].read()
    environments = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"cat-file" in (folder / "cmdline").read_bytes():
                environments.append((folder / "environ").read_bytes())
        except OSError:
            continue
    assert environments
    assert not [text for text in environments if b"sk-of-stoa" in text]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another account")
def test_a_local_repository_of_another_account_is_read(source: GitSource, repository: Repository) -> None:
    repository.commit({"a.md": "a\n"})
    for folder, _, files in os.walk(repository.path):
        for name in [".", *files]:
            os.chown(os.path.join(folder, name), 12345, 12345)
    assert paths(sync(source, repository.path)) == {"a.md"}
