"""Clones that were damaged, cut off, shared or used for long."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.core.ports import SourceSpec
from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitSource
from tests.support.git import GitHttpServer, Repository
from tests.support.syncs import sync, texts


@pytest.fixture
def source(tmp_path: Path) -> GitSource:
    return GitSource(tmp_path / "clones", (), skip_reason)


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
