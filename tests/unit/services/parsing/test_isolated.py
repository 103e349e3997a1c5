"""Parsing in child processes: what may go wrong there stays there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import ConfigurationError, DocumentError
from src.core.passages import ParsedDocument
from src.core.ports import Parser
from src.services.parsing.isolated import IsolatedParser
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser

ROOT = Path(__file__).resolve().parents[4]
SLOW = b"<div>" * 150_000 + b"x"  # the HTML parser takes minutes over it, and holds the interpreter's lock
SMALL = b"def f():\n    return 1\n"


def _parser(processes: int = 1, tokenizer: Path | None = None, **limits: float) -> IsolatedParser:
    bounds = ParsingLimits(**limits)  # type: ignore[arg-type]
    return IsolatedParser(tokenizer=tokenizer, max_tokens=256, limits=bounds, processes=processes)


@pytest.fixture
def isolated() -> Iterator[IsolatedParser]:
    parser = _parser(seconds_per_file=30.0)
    yield parser
    parser.close()


def _pids(parser: IsolatedParser) -> set[int]:
    return {child.pid for child in parser._children}


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _wait_until(condition: object, seconds: float = 20.0) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _is_at_work(parser: IsolatedParser) -> bool:
    """Whether a child has begun to burn processor time on a document (start-up takes about a second)."""
    for pid in _pids(parser):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if int(fields[11]) + int(fields[12]) > 150:
            return True
    return False


def test_it_gives_what_the_parser_gives_in_this_process(tokenizer_path: Path, samples: Path) -> None:
    inside = DocumentParser(tokenizer=tokenizer_path, max_tokens=256, limits=ParsingLimits())
    isolated: Parser = _parser(tokenizer=tokenizer_path)
    try:
        for path in samples.iterdir():
            content = path.read_bytes()
            assert isolated.parse(content, name=path.name, media_type=None) == inside.parse(
                content, name=path.name, media_type=None
            )
    finally:
        isolated.close()


def test_a_refusal_comes_back_with_its_code_and_the_child_lives_on(isolated: IsolatedParser) -> None:
    isolated.parse(SMALL, name="a.py", media_type=None)
    before = _pids(isolated)
    with pytest.raises(DocumentError) as caught:
        isolated.parse(b"%PDF-1.4 broken", name="a.pdf", media_type=None)
    assert (caught.value.code, caught.value.stage, caught.value.retryable) == ("damaged", "parsing", False)
    assert _pids(isolated) == before


def test_names_with_any_character_pass_through(isolated: IsolatedParser, naughty_strings: list[str]) -> None:
    for name in [*naughty_strings[::20], "\udcff.py", "a\0b"]:
        assert isolated.parse(b"x = 1\n", name=name, media_type=name).drafts


def test_results_come_in_order_and_errors_are_yielded() -> None:
    parser = _parser(processes=2)
    files = [(f"def f{i}(): pass\n".encode() if i % 7 else b"", f"{i}.py", None) for i in range(40)]
    try:
        results = list(parser.parse_many(files))
    finally:
        parser.close()
    for i, result in enumerate(results):
        if i % 7:
            assert isinstance(result, ParsedDocument)
            assert result.drafts[0].symbol == f"f{i}"
        else:
            assert isinstance(result, DocumentError)
            assert result.code == "empty"


def test_looking_ahead_is_bounded_and_stops_with_the_consumer(isolated: IsolatedParser) -> None:
    taken: list[int] = []

    class Files(list[tuple[bytes, str, str | None]]):
        def __iter__(self) -> Iterator[tuple[bytes, str, str | None]]:
            for i in range(1000):
                taken.append(i)
                yield SMALL, "a.py", None

    results = isolated.parse_many(Files())
    next(results)
    assert len(taken) < 20
    results.close()  # type: ignore[attr-defined]
    assert isolated.parse(SMALL, name="a.py", media_type=None).drafts


def test_a_file_that_takes_too_long_is_stopped_and_the_next_one_is_read() -> None:
    parser = _parser(seconds_per_file=1.0)
    try:
        parser.parse(SMALL, name="a.py", media_type=None)
        before = _pids(parser)
        started = time.monotonic()
        with pytest.raises(DocumentError) as caught:
            parser.parse(SLOW, name="slow.html", media_type=None)
        assert time.monotonic() - started < 5
        assert (caught.value.code, caught.value.retryable) == ("timeout", True)
        assert not any(map(_is_running, before))
        assert parser.parse(SMALL, name="a.py", media_type=None).drafts
        assert _pids(parser).isdisjoint(before)
    finally:
        parser.close()


@pytest.mark.parametrize("fatal", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_fails_the_document_and_the_next_one_is_read(isolated: IsolatedParser, fatal: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(isolated.parse, SLOW, name="slow.html", media_type=None)
        assert _wait_until(lambda: _is_at_work(isolated))
        for pid in _pids(isolated):
            os.kill(pid, fatal)
        error = slow.exception(timeout=20)
    assert isinstance(error, DocumentError)
    assert (error.code, error.retryable) == ("crashed", True)
    assert isolated.parse(SMALL, name="a.py", media_type=None).drafts


def test_a_child_that_dies_while_idle_is_replaced_unnoticed(isolated: IsolatedParser) -> None:
    isolated.parse(SMALL, name="a.py", media_type=None)
    before = _pids(isolated)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert _wait_until(lambda: not any(map(_is_running, before)))
    assert isolated.parse(SMALL, name="a.py", media_type=None).drafts


def test_a_document_that_needs_too_much_memory_fails_and_the_next_one_is_read() -> None:
    parser = _parser(memory_bytes=100 * 2**20)
    try:
        with pytest.raises(DocumentError) as caught:
            parser.parse(b"word and word\n" * 2_000_000, name="big.txt", media_type=None)
        assert caught.value.code == "out_of_memory"
        assert parser.parse(SMALL, name="a.py", media_type=None).drafts
    finally:
        parser.close()


def test_a_file_over_the_size_limit_is_refused_without_a_child() -> None:
    parser = _parser(max_bytes=10)
    with pytest.raises(DocumentError) as caught:
        parser.parse(b"x" * 11, name="a.txt", media_type=None)
    assert caught.value.code == "too_large"
    assert not _pids(parser)
    parser.close()


def test_many_threads_share_the_children() -> None:
    parser = _parser(processes=2)
    try:
        with ThreadPoolExecutor(8) as pool:
            sources = [f"def f{i}(): pass\n".encode() for i in range(60)]
            found = list(pool.map(lambda source: parser.parse(source, name="a.py", media_type=None), sources))
        assert [document.drafts[0].symbol for document in found] == [f"f{i}" for i in range(60)]
        assert len(_pids(parser)) <= 2
    finally:
        parser.close()


def test_closing_ends_the_children_and_interrupts_the_work(isolated: IsolatedParser) -> None:
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(isolated.parse, SLOW, name="slow.html", media_type=None)
        waiting = pool.submit(isolated.parse, SMALL, name="a.py", media_type=None)
        assert _wait_until(lambda: _is_at_work(isolated))
        pids = _pids(isolated)
        isolated.close()
        codes = {getattr(future.exception(timeout=20), "code", None) for future in (slow, waiting)}
    assert codes <= {"interrupted", None}
    assert "interrupted" in codes
    assert not any(map(_is_running, pids))
    with pytest.raises(DocumentError, match="interrupted"):
        isolated.parse(SMALL, name="a.py", media_type=None)


def test_an_interrupted_batch_yields_the_interruption(isolated: IsolatedParser) -> None:
    results = isolated.parse_many([(SLOW, "slow.html", None)] * 3)
    threading.Timer(1.0, isolated.close).start()
    codes = [getattr(result, "code", None) for result in results]
    assert codes == ["interrupted"] * 3


PARENT = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from src.services.parsing.isolated import IsolatedParser
from src.services.parsing.limits import ParsingLimits
parser = IsolatedParser(tokenizer=None, max_tokens=256, limits=ParsingLimits())
parser.parse(b"x = 1", name="a.py", media_type=None)
print(*(child.pid for child in parser._children), flush=True)
if sys.argv[2] == "busy":
    work = dict(name="a.html", media_type=None)
    threading.Thread(target=parser.parse, args=(b"<div>" * 150_000,), kwargs=work, daemon=True).start()
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
@pytest.mark.parametrize("fatal", [signal.SIGKILL, signal.SIGTERM])
def test_children_end_with_their_parent(state: str, fatal: int) -> None:
    command = [sys.executable, "-c", PARENT, str(ROOT), state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        assert all(map(_is_running, pids))
        time.sleep(0.5 if state == "busy" else 0)
        parent.send_signal(fatal)
        parent.wait()
    assert _wait_until(lambda: not any(map(_is_running, pids)), 5)


def test_a_large_parent_keeps_its_child() -> None:
    parser = _parser(memory_bytes=256 * 2**20)
    ballast = bytearray(os.urandom(1)) * (300 * 2**20)
    try:
        for _ in range(2):
            parser.parse(SMALL, name="a.py", media_type=None)
        assert len(_pids(parser)) == 1
    finally:
        del ballast
        parser.close()


def test_the_child_knows_no_secret_and_loads_no_service(isolated: IsolatedParser) -> None:
    os.environ["STOA_TEST_SECRET"] = "do not tell"
    try:
        isolated.parse(SMALL, name="a.py", media_type=None)
    finally:
        del os.environ["STOA_TEST_SECRET"]
    (pid,) = _pids(isolated)
    assert b"STOA" not in Path(f"/proc/{pid}/environ").read_bytes()
    mapped = Path(f"/proc/{pid}/maps").read_text()
    assert not any(name in mapped for name in ("chromadb", "onnxruntime", "sqlalchemy", "numpy"))


def test_a_signal_to_the_terminal_does_not_reach_the_child(isolated: IsolatedParser) -> None:
    isolated.parse(SMALL, name="a.py", media_type=None)
    (pid,) = _pids(isolated)
    assert os.getpgid(pid) != os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    isolated.parse(SMALL, name="a.py", media_type=None)
    assert _pids(isolated) == {pid}


def test_a_missing_tokenizer_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="tokenizer"):
        _parser(tokenizer=tmp_path / "tokenizer.json")


def test_the_version_tells_what_decides_the_passages(tokenizer_path: Path) -> None:
    versions = set()
    for tokenizer, max_tokens in ((None, 256), (None, 512), (tokenizer_path, 256)):
        parser = IsolatedParser(tokenizer=tokenizer, max_tokens=max_tokens, limits=ParsingLimits())
        versions.add(parser.version)
        parser.close()
    assert len(versions) == 3
