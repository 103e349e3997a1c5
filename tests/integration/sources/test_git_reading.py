"""Reading the files of a repository after they were listed."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.services.sources.git import GitSource
from tests.support.git import Repository
from tests.support.syncs import sync


def test_thousands_of_files_are_read_in_any_order_from_any_thread(
    source: GitSource, repository: Repository
) -> None:
    texts = {f"d{number % 40}/f{number}.md": f"file {number}\n" * (number % 50 + 1) for number in range(3000)}
    repository.commit(texts)
    changes = sync(source, repository.spec())
    files = list(changes.files)[::-1]
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda file: file.read().decode(), files))
    assert {file.path: text for file, text in zip(files, contents, strict=True)} == texts


def test_reading_still_works_after_a_later_sync(source: GitSource, repository: Repository) -> None:
    first = repository.commit({"a.md": "one\n"})
    before = sync(source, repository.spec())
    repository.commit({"a.md": "two\n"})
    after = sync(source, repository.spec(), since=first)
    assert before.files[0].read() == b"one\n"
    assert after.files[0].read() == b"two\n"


def test_one_reading_process_serves_a_sync_and_ends_with_it(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({f"{number}.md": f"{number}\n" for number in range(50)})
    before = children()
    changes = sync(source, repository.spec())
    for file in changes.files:
        file.read()
    assert len(children() - before) == 1
    del changes, file
    assert children() == before


def test_reading_goes_on_when_the_reading_process_was_killed(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({"a.md": "a\n", "b.md": "b\n"})
    before = children()
    first, second = sync(source, repository.spec()).files
    assert first.read() == b"a\n"
    for process in children() - before:
        os.kill(int(process), signal.SIGKILL)
    assert second.read() == b"b\n"


def test_a_file_that_is_missing_from_the_clone_says_what_happens_next(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    before = children()
    (file,) = sync(source, repository.spec()).files
    source.remove("s1")
    (tmp_path / "clones" / "s1.git").mkdir()
    for process in children() - before:
        os.kill(int(process), signal.SIGKILL)
    with pytest.raises(SourceError) as failure:
        file.read()
    assert failure.value.code == "damaged_clone"


def children() -> set[str]:
    found = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[1] == str(os.getpid()) and fields[0] != "Z":
            found.add(process)
    return found
