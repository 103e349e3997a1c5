"""Repositories behind servers: credentials, refusals, breaks and repairs."""

from __future__ import annotations

import base64
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.core.ports import SourceChanges, SourceSpec
from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitLimits, GitSource
from tests.support.git import GitHttpServer, Repository
from tests.support.servers import accepts, free_port, server


@pytest.fixture
def source(tmp_path: Path) -> GitSource:
    return GitSource(tmp_path / "clones", (), skip_reason)


def sync(
    source: GitSource, spec: SourceSpec, since: str | None = None, source_id: str = "s1"
) -> SourceChanges:
    return source.changes(spec, source_id=source_id, since=since, report=lambda text: None)


def fault_of(source: GitSource, location: str, **options: str) -> SourceError:
    with pytest.raises(SourceError) as refusal:
        source.check(SourceSpec("git", location, **options))  # type: ignore[arg-type]
    return refusal.value


def texts(changes: SourceChanges) -> dict[str, bytes]:
    return {file.path: file.read() for file in changes.files}


def test_a_repository_is_fetched_over_http_and_only_changes_later(
    source: GitSource, repository: Repository, http: GitHttpServer
) -> None:
    http.open_to_all = True
    first = repository.commit({"a.md": "a\n"})
    spec = source.check(SourceSpec("git", f"{http.address}/project/.git"))
    assert spec.credential is None
    assert texts(sync(source, spec)) == {"a.md": b"a\n"}
    repository.commit({"b.md": "b\n"})
    later = sync(source, spec, since=first)
    assert (later.complete, texts(later)) == (False, {"b.md": b"b\n"})


@pytest.mark.parametrize("way", ["in the URL", "apart", "name in the URL, token apart"])
def test_a_credential_is_taken_out_of_the_location_and_opens_the_repository(
    source: GitSource, repository: Repository, http: GitHttpServer, way: str
) -> None:
    repository.commit({"a.md": "a\n"})
    plain = f"{http.address}/project/.git"
    user_in_url = plain.replace("//", f"//{http.user}@")
    given = {
        "in the URL": SourceSpec("git", plain.replace("//", f"//{http.secret}@")),
        "apart": SourceSpec("git", plain, credential=http.secret),
        "name in the URL, token apart": SourceSpec("git", user_in_url, credential=http.password),
    }[way]
    stored = source.check(given)
    assert (stored.location, stored.credential) == (plain, http.secret)
    assert texts(sync(source, stored)) == {"a.md": b"a\n"}


def test_a_wrong_or_missing_credential_is_said_to_be_so_without_being_told(
    source: GitSource, repository: Repository, http: GitHttpServer
) -> None:
    repository.commit({"a.md": "a\n"})
    address = f"{http.address}/project/.git"
    assert fault_of(source, address).code == "authentication_failed"
    wrong = fault_of(source, address, credential="ann:wr0ng-t0ken")
    assert wrong.code == "authentication_failed"
    assert "wr0ng" not in wrong.detail


def test_a_secret_is_found_nowhere_but_in_the_request(
    source: GitSource,
    repository: Repository,
    http: GitHttpServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    repository.commit({"a.md": "a\n"})
    http.delay_s = 0.15
    seen: set[bytes] = set()
    told: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.005):
            for arguments in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(arguments.read_bytes())
                except OSError:
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    with caplog.at_level(logging.DEBUG):
        try:
            spec = source.check(SourceSpec("git", f"{http.address}/project/.git", credential=http.secret))
            source.changes(spec, source_id="s1", since=None, report=told.append)
        finally:
            done.set()
            watcher.join()
    assert any(b"fetch" in arguments and b"git" in arguments for arguments in seen)
    basic = base64.b64encode(http.secret.encode())
    assert ("Basic " + basic.decode()) in {header for _, header in http.seen}
    stored = b"".join(path.read_bytes() for path in (tmp_path / "clones").rglob("*") if path.is_file())
    for place in (b"".join(seen), stored, caplog.text.encode(), " ".join(told).encode()):
        assert http.password.encode() not in place
        assert basic not in place


def test_a_redirect_to_another_host_does_not_get_the_credential(
    source: GitSource, repository: Repository, http: GitHttpServer, root: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    with GitHttpServer(root, "ann", "other") as other:
        http.redirect = other.address
        fault = fault_of(source, f"{http.address}/project/.git", credential=http.secret)
        assert fault.code == "authentication_failed"
        assert other.seen
        assert {header for _, header in other.seen} == {None}


def test_a_redirect_within_the_host_is_followed(
    source: GitSource, repository: Repository, http: GitHttpServer
) -> None:
    repository.commit({"a.md": "a\n"})
    (repository.path.parent / "moved").symlink_to(repository.path)
    http.open_to_all = True
    spec = source.check(SourceSpec("git", f"{http.address}/moved/.git"))
    assert texts(sync(source, spec)) == {"a.md": b"a\n"}


@pytest.mark.parametrize("path", ["missing/.git", "project/.git/objects"])
def test_an_address_without_a_repository_is_said_to_be_one(
    source: GitSource, repository: Repository, http: GitHttpServer, path: str
) -> None:
    repository.commit({"a.md": "a\n"})
    http.open_to_all = True
    assert fault_of(source, f"{http.address}/{path}").code == "not_a_repository"


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/r", "git://127.0.0.1:{port}/r", "ssh://git@127.0.0.1:{port}/r"],
)
def test_a_server_that_is_not_there_is_unreachable(source: GitSource, location: str) -> None:
    fault = fault_of(source, location.format(port=free_port()))
    assert fault.code == "unreachable"


def test_a_server_that_does_not_answer_in_time_is_given_up(
    tmp_path: Path, repository: Repository, http: GitHttpServer
) -> None:
    repository.commit({"a.md": "a\n"})
    http.delay_s = 5
    source = GitSource(tmp_path / "clones", (), skip_reason, GitLimits(ask_s=0.5))
    started = time.monotonic()
    assert fault_of(source, f"{http.address}/project/.git").code == "timeout"
    assert time.monotonic() - started < 3


def test_an_answer_that_is_cut_off_leaves_no_clone_and_the_next_sync_works(
    source: GitSource, repository: Repository, http: GitHttpServer, tmp_path: Path
) -> None:
    repository.commit({"a.md": os.urandom(50_000).hex()})
    http.open_to_all = True
    spec = source.check(SourceSpec("git", f"{http.address}/project/.git"))
    http.cut_after = 4000
    with pytest.raises(SourceError) as failure:
        sync(source, spec)
    assert failure.value.code == "unreachable"
    assert not (tmp_path / "clones" / "s1.git").exists()
    http.cut_after = None
    assert set(texts(sync(source, spec))) == {"a.md"}


def test_a_repository_over_the_limit_is_left(
    tmp_path: Path, repository: Repository, http: GitHttpServer
) -> None:
    repository.commit({"a.md": os.urandom(200_000).hex()})
    http.open_to_all = True
    source = GitSource(tmp_path / "clones", (), skip_reason, GitLimits(max_clone_bytes=100_000))
    spec = SourceSpec("git", f"{http.address}/project/.git")
    with pytest.raises(SourceError) as failure:
        sync(source, spec)
    assert failure.value.code == "too_large"
    assert not list((tmp_path / "clones").glob("s1.git*/"))


def test_a_deleted_branch_is_said_to_be_gone(
    source: GitSource, repository: Repository, http: GitHttpServer
) -> None:
    http.open_to_all = True
    repository.commit({"a.md": "a\n"})
    repository.git("branch", "old")
    spec = source.check(SourceSpec("git", f"{http.address}/project/.git", branch="old"))
    repository.git("branch", "-D", "old")
    with pytest.raises(SourceError) as failure:
        sync(source, spec)
    assert failure.value.code == "no_such_branch"


@pytest.fixture
def daemon(root: Path, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = ["git", "daemon", "--listen=127.0.0.1", f"--port={port}", "--export-all", "--reuseaddr"]
    with server(
        [*command, f"--base-path={root}", root], ready=lambda: accepts(port), log=tmp_path / "daemon.log"
    ):
        yield f"git://127.0.0.1:{port}"


def test_a_repository_is_fetched_from_a_git_daemon(
    source: GitSource, repository: Repository, daemon: str
) -> None:
    first = repository.commit({"a.md": "a\n"})
    spec = source.check(SourceSpec("git", f"{daemon}/project"))
    assert texts(sync(source, spec)) == {"a.md": b"a\n"}
    repository.commit({"a.md": "b\n"})
    assert texts(sync(source, spec, since=first)) == {"a.md": b"b\n"}
    assert fault_of(source, f"{daemon}/missing").code == "not_a_repository"


def damage_pack(clone: Path) -> None:
    for pack in clone.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:40])


def remove_objects(clone: Path) -> None:
    shutil.rmtree(clone / "objects")


def remove_head(clone: Path) -> None:
    (clone / "HEAD").unlink()


def leave_locks(clone: Path) -> None:
    (clone / "shallow.lock").touch()
    (clone / "refs" / "stoa" / "tip.lock").touch()


def empty_it(clone: Path) -> None:
    shutil.rmtree(clone)
    clone.mkdir()


@pytest.mark.parametrize("damage", [damage_pack, remove_objects, remove_head, leave_locks, empty_it])
@pytest.mark.parametrize("changed", [True, False])
def test_a_damaged_clone_is_made_afresh(
    source: GitSource,
    repository: Repository,
    http: GitHttpServer,
    tmp_path: Path,
    damage: object,
    changed: bool,
) -> None:
    http.open_to_all = True
    first = repository.commit({"a.md": "a\n", "c.md": "c\n"})
    spec = source.check(SourceSpec("git", f"{http.address}/project/.git"))
    sync(source, spec)
    assert callable(damage)
    damage(tmp_path / "clones" / "s1.git")
    expected = {"a.md": b"a\n", "c.md": b"c\n"}
    if changed:
        repository.commit({"b.md": "b\n"})
        expected["b.md"] = b"b\n"
    changes = sync(source, spec, since=first if changed else None)
    assert changes.complete
    assert texts(changes) == expected
    assert not list((tmp_path / "clones").glob("*.part")) + list((tmp_path / "clones").glob("*.old"))


def test_a_sync_that_is_killed_while_it_clones_is_taken_up_afresh(
    source: GitSource, repository: Repository, http: GitHttpServer, tmp_path: Path
) -> None:
    http.open_to_all = True
    repository.commit({"a.md": "a\n"})
    spec = SourceSpec("git", f"{http.address}/project/.git")
    script = (
        "import sys; from pathlib import Path; from src.core.ports import SourceSpec\n"
        "from src.services.sources.git import GitSource\n"
        "GitSource(Path(sys.argv[1]), (), lambda *_: None).changes(SourceSpec('git', sys.argv[2]),"
        " source_id='s1', since=None, report=print)"
    )
    http.delay_s = 0.3
    clones = tmp_path / "clones"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(clones), spec.location], stdout=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 20
        while not list(clones.glob("s1.git.*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert list(clones.glob("s1.git.*.part"))
    http.delay_s = 0
    assert texts(sync(source, spec)) == {"a.md": b"a\n"}
    deadline = time.monotonic() + 20  # the git that was orphaned may still write for a moment
    while list(clones.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.2)
        repository.commit()
        sync(source, spec)
    assert not list(clones.glob("*.part"))


def test_two_sources_and_two_syncs_of_one_may_run_together(
    source: GitSource, http: GitHttpServer, root: Path
) -> None:
    http.open_to_all = True
    specs = []
    for name in ("one", "two"):
        Repository.create(root / name).commit({f"{name}{number}.md": f"{name}\n" for number in range(30)})
        specs.append((name, source.check(SourceSpec("git", f"{http.address}/{name}/.git"))))
    with ThreadPoolExecutor(6) as pool:
        jobs = [(name, pool.submit(sync, source, spec, None, name)) for name, spec in specs * 3]
        for name, job in jobs:
            found = texts(job.result())
            assert len(found) == 30
            assert set(found.values()) == {f"{name}\n".encode()}


def test_a_clone_stays_small_over_many_syncs(
    source: GitSource, repository: Repository, http: GitHttpServer, tmp_path: Path
) -> None:
    http.open_to_all = True
    repository.commit({"old.md": os.urandom(300_000).hex()})
    since = repository.commit({"old.md": None, "a.md": "0\n"})
    spec = source.check(SourceSpec("git", f"{http.address}/project/.git"))
    sync(source, spec)
    for number in range(3):
        repository.commit({"a.md": f"{number + 1}\n"})
        changes = sync(source, spec, since=since)
        assert set(texts(changes)) == {"a.md"}
        since = changes.revision or ""
    pack = tmp_path / "clones" / "s1.git" / "objects" / "pack"
    assert sum(file.stat().st_size for file in pack.iterdir()) < 50_000
