"""What ``ingest`` makes of its targets: repositories, folders and files, new or followed already."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.cli.client import Client
from src.cli.exits import UsageError
from src.cli.multipart import FilePart, UnreadableFileError
from src.cli.targets import Target, target_of
from tests.support.application import House, make_settings, running
from tests.support.git import Repository
from tests.support.terminal import Typed, typing


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("roots")


@pytest.fixture(scope="module")
def house(roots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("ingest") / "data"
    with running(make_settings(folder, folder_roots=(roots,))) as application:
        yield House(application)


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys)


@pytest.fixture(scope="module")
def ferry(roots: Path) -> Repository:
    repository = Repository.create(roots / "ferry")
    repository.commit({"ferry.md": "# Ferry\n\nThe ferry leaves at dawn.\n"})
    repository.git("branch", "winter")
    return repository


def test_the_same_again_brings_the_source_up_to_date_and_another_branch_is_another_source(
    run: Typed, ferry: Repository
) -> None:
    def read(*options: str) -> tuple[str | None, int]:
        """The branch of the source that was read, and how many sources there are then."""
        command = ("ingest", f"file://{ferry.path}", "--collection", "Ferry", "--json", *options)
        result = json.loads(run(*command))
        (outcome,) = result["outcomes"]
        assert (outcome["source"]["state"], outcome["job"]["state"]) == ("ready", "succeeded")
        return outcome["source"]["branch"], result["collection"]["sources"]

    assert [read(), read()] == [(None, 1)] * 2
    assert [read("--branch", "winter"), read("--branch", "winter")] == [("winter", 2)] * 2
    assert read() == (None, 2)


def test_a_source_with_other_patterns_is_not_taken_for_the_one_that_is_asked_for(
    run: Typed, ferry: Repository
) -> None:
    wanted = ("ingest", f"file://{ferry.path}", "--collection", "Patterns", "--include", "*.md")
    run(*wanted)
    run(*wanted)
    refused = run("ingest", f"file://{ferry.path}", "--collection", "Patterns", "--include", "*.py", code=1)
    assert "other patterns (--include)" in refused


def test_a_repository_is_known_without_the_credential_in_its_url() -> None:
    typed = Target("git", "https://ada:secret@example.org/team/ferry.git")
    assert typed.address == "https://example.org/team/ferry.git"
    assert Target("git", "https://exa mple.org:port").address == "https://exa mple.org:port"


def test_repositories_with_and_without_a_work_tree_are_told_from_folders(
    tmp_path: Path, ferry: Repository
) -> None:
    ferry.git("clone", "--quiet", "--bare", str(ferry.path), str(tmp_path / "bare"))
    (tmp_path / "plain").mkdir()
    kinds = [target_of(str(path)).kind for path in (ferry.path, tmp_path / "bare", tmp_path / "plain")]
    assert kinds == ["git", "git", "folder"]


def test_what_is_neither_a_file_nor_a_folder_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        target_of(str(tmp_path / "pipe"))


def test_a_file_that_cannot_be_sent_is_named_and_the_server_is_not_blamed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    client = Client(environment["STOA_URL"], environment["STOA_TOKEN"])
    documents = f"/collections/{client.post('/collections', {'name': 'Files'})['id']}/documents"
    (tmp_path / "short.md").write_text("# Short\n")
    with pytest.raises(UnreadableFileError, match="became shorter"):
        client.upload(documents, [FilePart("short.md", tmp_path / "short.md", 80)])
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        client.upload(documents, [FilePart("gone.md", tmp_path / "gone.md", 8)])
    assert not list(client.items(documents))
