"""Dead letters from the terminal: commands against a real server in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from src.core.bus import Delivery
from src.core.clock import new_id
from src.core.consumer import Burial
from src.core.jobs import JobState
from src.core.messages.base import Envelope
from src.core.messages.jobs import JobFinished
from src.database.ledger import SqlLedger
from tests.support.application import House, make_settings, running, wait_for
from tests.support.terminal import Typed, typing


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(make_settings(tmp_path_factory.mktemp("letters") / "data")) as application:
        yield House(application)


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys, "dead-letters")


@pytest.fixture
def letter(house: House) -> dict[str, Any]:
    """An event that the ingestion agent could not handle, although it can now."""
    event = JobFinished(job_id=new_id(), kind="document.ingest", state=JobState.FAILED)
    envelope = Envelope(
        id=new_id(),
        topic=event.topic,
        key=event.ordering_key(),
        payload=event.model_dump(mode="json"),
        at=house.application.clock.now(),
        correlation_id=new_id(),
        causation_id=None,
    )
    delivery = Delivery(envelope=envelope, group="ingestion", attempt=5, receipt="")
    SqlLedger(house.application.database).bury(
        Burial(delivery, "OSError: disk\x1b[31m full", "Traceback (most recent call last)")
    )
    with house.application.database.read() as work:
        (record,) = work.dead_letters.page(group="ingestion", limit=1, cursor=None)[0]
    return {"id": record.id, "event_id": envelope.id}


def test_dead_letters_are_listed_with_their_cause(run: Typed, letter: dict[str, Any]) -> None:
    told = run("list")
    assert letter["id"] in told
    assert "job.finished.v1, tried 5 times by ingestion" in told
    assert "disk�[31m full" in told
    run("delete", letter["id"])


def test_dead_letters_are_listed_by_agent(run: Typed, letter: dict[str, Any]) -> None:
    assert json.loads(run("list", "--agent", "answer", "--json")) == []
    (found,) = json.loads(run("list", "--agent", "ingestion", "--json"))
    assert (found["id"], found["event_id"]) == (letter["id"], letter["event_id"])
    run("delete", letter["id"])


def test_a_replayed_dead_letter_is_handled_again(run: Typed, letter: dict[str, Any], house: House) -> None:
    replayed = json.loads(run("replay", letter["id"], "--json"))
    assert replayed["replayed_at"]
    ledger = SqlLedger(house.application.database)
    wait_for(lambda: ledger.settled("ingestion", [letter["event_id"]]))
    assert "There are no dead letters." in run("list")
    assert "already" in run("replay", letter["id"], code=1)


def test_a_deleted_dead_letter_is_gone(run: Typed, letter: dict[str, Any]) -> None:
    assert "was deleted" in run("delete", letter["id"])
    assert json.loads(run("list", "--json")) == []


def test_a_dead_letter_that_is_not_there_ends_with_4(run: Typed) -> None:
    assert "no dead letter" in run("replay", "missing", code=4)
    assert "no dead letter" in run("delete", "missing", code=4)


def test_an_id_that_is_none_reaches_no_other_address(run: Typed) -> None:
    assert run("delete", "../collections", code=4)
