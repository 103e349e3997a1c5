"""The log, as text and as lines of JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from src.cli.logs import log_to
from src.core.trace import correlated

log = logging.getLogger("stoa.test")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers.clear()  # what pytest listens with would be closed
    yield
    for handler in list(root.handlers):
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "logs" / "stoa.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_of_json_tells_what_it_belongs_to(tmp_path: Path) -> None:
    log_to(tmp_path, level="info", name="stoa", layout="json")
    log.info("before")
    with correlated("c1"):
        log.warning("%s\nof two lines \ud800", "ünï")
        with correlated("c2"):
            log.info("within")
        log.info("again")
    log.info("after")
    found = lines(tmp_path)
    assert [one.get("correlation_id") for one in found] == [None, "c1", "c2", "c1", None]
    assert found[1]["message"].startswith("ünï\nof two lines")
    assert (found[1]["level"], found[1]["logger"], found[1]["thread"]) == (
        "warning",
        "stoa.test",
        "MainThread",
    )
    assert found[0]["at"].endswith("+00:00")


def test_a_trace_is_one_line_too(tmp_path: Path) -> None:
    log_to(tmp_path, level="info", name="stoa", layout="json")
    try:
        raise KeyError("x")
    except KeyError:
        log.exception("it failed")
    (line,) = lines(tmp_path)
    assert (line["error"], line["message"]) == ("KeyError", "it failed")
    assert "Traceback" in line["trace"]


def test_text_is_the_default(tmp_path: Path) -> None:
    log_to(tmp_path, level="info", name="stoa")
    log.info("plain words")
    text = (tmp_path / "logs" / "stoa.log").read_text(encoding="utf-8")
    assert text.endswith("INFO stoa.test: plain words\n")
