from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import NotFoundError
from src.services.blobs import FileBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs")


def only(found: Iterator[Path]) -> Path:
    (path,) = found
    return path


@pytest.mark.parametrize("content", [b"", b"text", bytes(range(256)) * 10_000])
def test_bytes_come_back_under_their_digest(blobs: FileBlobs, content: bytes) -> None:
    digest = blobs.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert blobs.get(digest) == content


def test_the_same_bytes_are_stored_once(blobs: FileBlobs, tmp_path: Path) -> None:
    first = blobs.put(b"text")
    place = only(tmp_path.rglob(first))
    written = place.stat().st_ino
    assert blobs.put(b"text") == first
    assert place.stat().st_ino == written
    assert list(blobs.digests()) == [first]


def test_missing_bytes_are_not_found(blobs: FileBlobs) -> None:
    for digest in ("0" * 64, "", "../../etc/passwd", "A" * 64, "0" * 63 + "\n"):
        with pytest.raises(NotFoundError):
            blobs.get(digest)


def test_deleted_bytes_are_gone_and_deleting_again_is_no_error(blobs: FileBlobs) -> None:
    digest = blobs.put(b"text")
    blobs.delete(digest)
    blobs.delete(digest)
    blobs.delete("not a digest")
    with pytest.raises(NotFoundError):
        blobs.get(digest)
    assert blobs.put(b"text") == digest
    assert blobs.get(digest) == b"text"


def test_what_was_put_again_lately_is_not_unwanted(blobs: FileBlobs, tmp_path: Path) -> None:
    old, again = blobs.put(b"old"), blobs.put(b"again")
    for digest in (old, again):
        os.utime(only(tmp_path.rglob(digest)), (1, 1))
    blobs.put(b"again")
    assert list(blobs.unwanted_since(3600)) == [old]


def test_what_is_stored_is_known_to_be(blobs: FileBlobs) -> None:
    digest = blobs.put(b"text")
    assert blobs.has(digest)
    blobs.delete(digest)
    assert not blobs.has(digest)
    assert not blobs.has("../../etc/passwd")


def test_digests_are_told_in_order_and_nothing_else(blobs: FileBlobs, tmp_path: Path) -> None:
    assert list(blobs.digests()) == []
    stored = sorted(blobs.put(str(number).encode()) for number in range(50))
    folder = sorted((tmp_path / "blobs").glob("??/??"))[0]
    (folder / "stray.txt").write_text("not a blob")
    assert list(blobs.digests()) == stored


def test_many_threads_may_put_the_same_bytes(blobs: FileBlobs) -> None:
    contents = [os.urandom(100_000) for _ in range(5)]
    with ThreadPoolExecutor(16) as pool:
        digests = set(pool.map(blobs.put, contents * 20))
    assert len(digests) == 5
    assert {blobs.get(digest) for digest in digests} == set(contents)


def test_a_damaged_file_is_written_anew(blobs: FileBlobs, tmp_path: Path) -> None:
    digest = blobs.put(b"text")
    only(tmp_path.rglob(digest)).write_bytes(b"te")
    assert blobs.put(b"text") == digest
    assert blobs.get(digest) == b"text"


def test_a_writer_that_is_killed_leaves_no_half_blob(blobs: FileBlobs, tmp_path: Path) -> None:
    script = (
        "import os,sys\nfrom pathlib import Path\nfrom src.services.blobs import FileBlobs\n"
        "blobs = FileBlobs(Path(sys.argv[1]))\nprint('ready', flush=True)\n"
        "while True: blobs.put(os.urandom(2_000_000))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "blobs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.15)
        writer.send_signal(signal.SIGKILL)
    for digest in blobs.digests():
        assert hashlib.sha256(blobs.get(digest)).hexdigest() == digest
    blobs.sweep(older_than_s=-1)
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


def test_only_old_leftovers_are_swept(blobs: FileBlobs, tmp_path: Path) -> None:
    blobs.put(b"text")
    left = tmp_path / "blobs" / "incoming" / "half"
    left.write_bytes(b"ha")
    assert blobs.sweep() == 0
    os.utime(left, (1, 1))
    assert blobs.sweep() == 1
