"""A model is promoted with its index in one process while another one searches without a pause: that one
follows with its next search, none fails, and the way back is as quick."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import BaseModel

from src.core.messages.models import PromoteModel, RollBackModel
from tests.integration.application.test_index_versions import QUESTION, Coast
from tests.integration.application.test_models_with_an_index import build, candidate
from tests.support.application import make_settings, running, wait_for
from tests.support.source import ROOT

SECOND = 1.0


class Told(BaseModel):
    """A search of the other process: when it began and ended, in seconds since the epoch."""

    began: float
    ended: float
    index: str
    notices: int
    failed: str | None


@dataclass
class Other:
    """The other process, and what it told so far."""

    told: list[Told] = field(default_factory=list)

    def searches(self, version: str) -> Told:
        """Its first search of that version from now on."""
        seen = len(self.told)
        return wait_for(
            lambda: next((one for one in self.told[seen:] if version in one.index), None), timeout_s=30.0
        )


@contextmanager
def asking(*arguments: str) -> Iterator[Other]:
    other = Other()
    command = [sys.executable, "-m", "tests.support.asker", *arguments, QUESTION]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            other.told.append(Told.model_validate(json.loads(line)))

    reader = threading.Thread(target=listen)
    reader.start()
    try:
        yield other
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.timeout(180)
def test_another_process_follows_a_promotion_and_the_way_back_with_its_next_search(
    tmp_path: Path, postgres_database: str, chroma_server: str
) -> None:
    settings = make_settings(
        tmp_path / "data",
        database_url=postgres_database,
        chroma_url=chroma_server,
        index_build_share=1.0,
        learning=False,
    )
    with running(settings.model_copy(update={"embedding_precision": "float32"}), worker=False):
        pass
    with running(settings) as application:
        house = Coast(application).filled()
        model_id, version = candidate(house)
        base = house.configured
        with asking(str(tmp_path / "data"), postgres_database, chroma_server) as other:
            wait_for(lambda: other.told, timeout_s=60.0)
            build(house, version)
            for request, index in (
                (PromoteModel(model_id=model_id), version),
                (RollBackModel(model_id=model_id), base),
            ):
                before = len(other.told)
                began = time.time()
                house.ask(request)
                done = time.time()
                first = other.searches(index)
                assert done - began < SECOND
                # The first search may have to open the model; it has seen the switch all the same.
                assert first.began - done < SECOND
                late = [one for one in other.told[before:] if one.began > done and index not in one.index]
                assert late == [], "every search that began after the switch has seen it"
                took = first.ended - first.began
                print(f"switched in {done - began:.3f} s; the next search there took {took:.3f} s")
    assert {one.failed for one in other.told} == {None}
    assert {one.notices for one in other.told} == {0}
