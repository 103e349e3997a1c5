"""A job's progress where no terminal shows a bar."""

from __future__ import annotations

from typing import Any

import pytest

from src.cli.progress import follow


def job(state: str, **fields: Any) -> dict[str, Any]:
    blank = {"stage": None, "done": 0, "total": None, "rate_per_s": None, "eta_s": None, "error": None}
    return {**blank, "state": state, **fields}


def test_each_state_that_is_shown_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    ended = job("succeeded", done=1, total=1)
    assert follow([ended], "plan.txt") == ended
    assert capsys.readouterr().err == "plan.txt: succeeded, 1 of 1 done\n"
    follow([job("queued"), job("running", stage="ingesting"), ended], "plan.txt")
    assert capsys.readouterr().err == "plan.txt: queued\nplan.txt: succeeded, 1 of 1 done\n"
