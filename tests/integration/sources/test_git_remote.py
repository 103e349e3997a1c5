"""Repositories behind servers: credentials, refusals and limits."""

from __future__ import annotations

import base64
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.core.ports import SourceSpec
from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitLimits, GitSource
from tests.support.git import GitHttpServer, Repository
from tests.support.servers import accepts, free_port, server
from tests.support.syncs import sync, texts


@pytest.fixture
def source(tmp_path: Path) -> GitSource:
    return GitSource(tmp_path / "clones", (), skip_reason)


def fault_of(source: GitSource, location: str, **options: str) -> SourceError:
    with pytest.raises(SourceError) as refusal:
        source.check(SourceSpec("git", location, **options))  # type: ignore[arg-type]
    return refusal.value


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
        source.changes(spec, source_id="s1", since=None, report=lambda text: None)
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
