"""Agents that are paused, drained and resumed, and what their status tells, in the real application."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.errors import NotFoundError
from src.core.jobs import JobState
from src.core.messages.console import AgentState, AgentStatus, ListAgents, SteerAgent, Steering
from src.core.messages.documents import (
    AddDocuments,
    Document,
    DocumentState,
    IngestDocuments,
    ListDocuments,
    UploadedFile,
)
from src.core.messages.jobs import CancelJob, GetJob
from src.core.signals import Signal
from src.database.jobstore import SqlJobStore
from tests.support.application import House, make_settings, running, wait_for

SETTLED_S = 1.2
"""A consumer that waits for events when its agent is paused ends that wait within a second."""


class Gate(logging.Handler):
    """Holds every job at the step "parsing", which it logs, until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.met = threading.Event()
        self.opened = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().endswith("reached: parsing"):
            self.met.set()
            self.opened.wait(20)


@pytest.fixture
def gate() -> Iterator[Gate]:
    log, gate = logging.getLogger("stoa.jobs"), Gate()
    before = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(gate)
    yield gate
    gate.opened.set()
    log.removeHandler(gate)
    log.setLevel(before)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose jobs hear of a wish to cancel soon."""
    folder: Path = tmp_path_factory.mktemp("steering") / "data"
    with running(make_settings(folder, job_lease_s=2.0)) as application:
        yield House(application)


@pytest.fixture
def office(quick: House) -> Iterator[House]:
    """The house; its ingestion goes on after the test."""
    yield quick
    steer(quick, Steering.RESUME)


def steer(house: House, steering: Steering) -> AgentStatus:
    return house.ask(SteerAgent(name="ingestion", steering=steering))


def status(house: House) -> AgentStatus:
    return next(agent for agent in house.ask(ListAgents()).items if agent.name == "ingestion")


def add(house: House, *names: str) -> tuple[str, str]:
    """A new collection, and the job that ingests a small file for each name into it."""
    collection_id = house.collection(f"About {names[0]}")
    files = tuple(UploadedFile(name=name, content=f"About {name}.".encode()) for name in names)
    return collection_id, house.ask(AddDocuments(collection_id=collection_id, files=files)).job_id


def documents(house: House, collection_id: str) -> tuple[Document, ...]:
    return house.ask(ListDocuments(collection_id=collection_id)).items


def state(house: House, job_id: str) -> JobState:
    return house.ask(GetJob(job_id=job_id)).state


def test_a_paused_agent_takes_no_jobs_until_it_is_resumed(office: House) -> None:
    assert steer(office, Steering.PAUSE).state is AgentState.PAUSED
    _, job_id = add(office, "paused.txt")
    time.sleep(SETTLED_S)
    assert state(office, job_id) is JobState.QUEUED
    assert status(office).backlog == 1
    assert steer(office, Steering.RESUME).state is AgentState.RUNNING
    assert office.finished(job_id).state is JobState.SUCCEEDED


def test_a_paused_agent_takes_no_events_until_it_is_resumed(office: House) -> None:
    """The documents of a job that was cancelled in the queue wait for the event that tells of it."""
    steer(office, Steering.PAUSE)
    time.sleep(SETTLED_S)
    collection_id, job_id = add(office, "a.txt", "b.txt")
    assert office.ask(CancelJob(job_id=job_id)).state is JobState.CANCELLED
    wait_for(lambda: status(office).backlog >= 1, timeout_s=5)
    time.sleep(SETTLED_S)
    assert {d.state for d in documents(office, collection_id)} == {DocumentState.QUEUED}
    steer(office, Steering.RESUME)
    wait_for(lambda: {d.state for d in documents(office, collection_id)} == {DocumentState.FAILED})
    assert {d.error.code for d in documents(office, collection_id) if d.error} == {"cancelled"}
    wait_for(lambda: status(office).backlog == 0)


def test_pausing_an_agent_puts_its_running_job_back_into_the_queue(office: House, gate: Gate) -> None:
    _, job_id = add(office, "interrupted.txt")
    assert gate.met.wait(20)
    steer(office, Steering.PAUSE)
    gate.opened.set()
    wait_for(lambda: state(office, job_id) is JobState.QUEUED)
    assert office.ask(GetJob(job_id=job_id)).attempts == 0
    steer(office, Steering.RESUME)
    assert office.finished(job_id).state is JobState.SUCCEEDED


def test_a_draining_agent_ends_what_it_has_begun_and_begins_nothing(office: House, gate: Gate) -> None:
    _, begun = add(office, "begun.txt")
    assert gate.met.wait(20)
    assert steer(office, Steering.DRAIN).state is AgentState.DRAINING
    _, later = add(office, "later.txt")
    gate.opened.set()
    assert office.finished(begun).state is JobState.SUCCEEDED
    wait_for(lambda: status(office).state is AgentState.DRAINED)
    assert state(office, later) is JobState.QUEUED
    steer(office, Steering.RESUME)
    assert office.finished(later).state is JobState.SUCCEEDED


def test_a_paused_agent_still_answers_requests(office: House) -> None:
    steer(office, Steering.PAUSE)
    collection_id, job_id = add(office, "asked.txt")
    assert [d.title for d in documents(office, collection_id)] == ["asked.txt"]
    office.ask(CancelJob(job_id=job_id))


def test_an_agent_that_is_not_there_cannot_be_steered(office: House) -> None:
    with pytest.raises(NotFoundError):
        office.ask(SteerAgent(name="nobody", steering=Steering.PAUSE))


def test_the_documents_of_a_job_cancelled_while_it_runs_come_to_an_end(office: House, gate: Gate) -> None:
    collection_id, job_id = add(office, *(f"{number}.txt" for number in range(5)))
    assert gate.met.wait(20)
    assert office.ask(CancelJob(job_id=job_id)).state is JobState.RUNNING
    time.sleep(1.0)  # two heartbeats
    gate.opened.set()
    assert office.finished(job_id).state is JobState.CANCELLED
    wait_for(lambda: {d.state for d in documents(office, collection_id)} == {DocumentState.FAILED})
    for document in documents(office, collection_id):
        assert document.error is not None
        assert (document.error.code, document.error.retryable) == ("cancelled", True)


def test_the_documents_of_a_job_that_failed_come_to_an_end(office: House) -> None:
    steer(office, Steering.PAUSE)
    time.sleep(SETTLED_S)
    collection_id, job_id = add(office, "lost.txt")
    store = SqlJobStore(office.application.database, Signal())
    job = store.claim([IngestDocuments.kind], lease_s=30.0)
    assert job is not None
    assert job.id == job_id
    store.fail(job, code="gave_up", detail="The worker died.")
    steer(office, Steering.RESUME)
    wait_for(lambda: documents(office, collection_id)[0].state is DocumentState.FAILED)
    (document,) = documents(office, collection_id)
    assert document.error is not None
    assert document.error.code == "job_failed"


def test_what_an_agent_handled_reaches_its_status(office: House) -> None:
    before = status(office)
    _, job_id = add(office, "counted.txt")
    office.finished(job_id)
    # The request that added the file, and the event of its job's end.
    wait_for(lambda: status(office).handled >= before.handled + 2)
    assert status(office).failed == before.failed


def test_draining_the_worker_puts_what_was_begun_at_a_safe_place(tmp_path: Path, gate: Gate) -> None:
    with running(make_settings(tmp_path / "data")) as application:
        house = House(application)
        _, job_id = add(house, "drained.txt")
        assert gate.met.wait(20)
        threading.Timer(0.3, gate.opened.set).start()
        assert application.drain(10.0)
        assert state(house, job_id) is JobState.QUEUED
        _, later = add(house, "after.txt")
        assert state(house, later) is JobState.QUEUED
