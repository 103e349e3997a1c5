"""Streams of server-sent events: order, resumption, the cap, and one reader for all."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from src.core.context import Context
from src.core.errors import NotFoundError, UnavailableError
from src.core.jobs import JobState
from src.core.messages.questions import Answer, AnswerCitation, AnswerDelta, AskQuestion, Citation, Retrieved
from src.core.passages import Location
from src.web import state
from src.web.streams import Feed, service
from tests.web.api.scripted import ADMIN, READER, ScriptedApplication, answer, job

ASK = {"question": "Why?"}


def chunks(response: TestResponse) -> Iterator[bytes]:
    yield from response.iter_encoded()


def events(response: TestResponse) -> Iterator[tuple[str, str | None, Any]]:
    """Each event's name, id and data."""
    for chunk in chunks(response):
        for block in chunk.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in fields:
                yield fields.get("event", "message"), fields.get("id"), json.loads(fields["data"])


def topics(stream: Iterator[tuple[str, str | None, Any]], count: int) -> list[str]:
    return [data["topic"] for _, _, data in itertools.islice(stream, count)]


def citation(marker: str) -> Citation:
    return Citation(
        marker=marker,
        passage_id="p1",
        document_id="d1",
        collection_id="c1",
        external_id="x",
        title="X",
        uri=None,
        location=Location(path="x.py", start_line=1, end_line=2),
        quote="because",
    )


def test_a_follower_gets_what_happens_from_now_on(client: FlaskClient, scripted: ScriptedApplication) -> None:
    scripted.event_log.add("old.v1")
    with client.get("/api/v1/events:stream", headers=ADMIN) as response:
        assert response.content_type.startswith("text/event-stream")
        assert response.headers["X-Accel-Buffering"] == "no"
        stream = chunks(response)
        assert next(stream).startswith(b"retry: ")
        scripted.event_log.add("new.v1", word="ja")
        (event,) = itertools.islice(events(response), 1)
        assert event[1] == "2"
        assert event[2]["topic"] == "new.v1"
        assert event[2]["payload"] == {"word": "ja"}


@pytest.mark.parametrize("how", ["after", "Last-Event-ID"])
def test_a_follower_resumes_after_what_it_saw(
    client: FlaskClient, scripted: ScriptedApplication, how: str
) -> None:
    for number in range(500):
        scripted.event_log.add(f"event.{number}")
    query, more = ("?after=100", {}) if how == "after" else ("", {"Last-Event-ID": "100"})
    with client.get(f"/api/v1/events:stream{query}", headers={**ADMIN, **more}) as response:
        stream = events(response)
        got = topics(stream, 400)
        scripted.event_log.add("event.500")
        assert [*got, *topics(stream, 1)] == [f"event.{number}" for number in range(100, 501)]


def test_a_follower_of_a_topic_gets_that_only(client: FlaskClient, scripted: ScriptedApplication) -> None:
    with client.get("/api/v1/events:stream?topic=document.*&after=0", headers=ADMIN) as response:
        stream = events(response)
        for topic in ("document.indexed.v1", "job.finished.v1", "document.failed.v1"):
            scripted.event_log.add(topic)
        assert topics(stream, 2) == ["document.indexed.v1", "document.failed.v1"]


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30, "1.0"])
def test_a_strange_position_is_refused(client: FlaskClient, last: str) -> None:
    response = client.get("/api/v1/events:stream", headers={**ADMIN, "Last-Event-ID": last})
    assert response.status_code == 422


def test_only_administrators_follow_the_event_log(client: FlaskClient) -> None:
    assert client.get("/api/v1/events:stream", headers=READER).status_code == 403


def test_one_reader_serves_all_followers(app: Flask, scripted: ScriptedApplication) -> None:
    hub = state.of(app).streams.events
    followers = [hub.follow() for _ in range(50)]
    for follower in followers:
        assert next(follower) is None
    before = scripted.event_log.reads
    scripted.event_log.add("new.v1")
    for follower in followers:
        event = next(event for event in follower if event is not None)
        assert event.topic == "new.v1"
    assert scripted.event_log.reads - before <= 5


def test_the_hub_stops_reading_when_nobody_follows(app: Flask, scripted: ScriptedApplication) -> None:
    hub = state.of(app).streams.events
    follower = hub.follow()
    next(follower)
    follower.close()  # type: ignore[attr-defined]
    time.sleep(1.3)
    before = scripted.event_log.reads
    time.sleep(1.2)
    assert scripted.event_log.reads == before


def test_a_slow_follower_is_dropped_and_loses_nothing_when_it_comes_back() -> None:
    feed: Feed[int] = Feed(limit=3)
    for number in range(5):
        feed.put(number)
    assert feed.closed
    assert list(feed) == []


def test_a_silent_stream_shows_that_it_lives(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "HEARTBEAT_S", 0.5)
    with client.get("/api/v1/events:stream", headers=ADMIN) as response:
        stream = chunks(response)
        next(stream)
        assert next(stream).startswith(b":")


def test_streams_beyond_the_cap_are_refused_until_one_ends(app: Flask, client: FlaskClient) -> None:
    streams = state.of(app).streams
    streams._limit = 2
    open_ones = [client.get("/api/v1/events:stream", headers=ADMIN) for _ in range(2)]
    refused = client.get("/api/v1/events:stream", headers=ADMIN)
    assert refused.status_code == 429
    assert refused.json["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) > 0
    for response in open_ones:
        response.close()
    assert streams.open == 0
    with client.get("/api/v1/events:stream", headers=ADMIN) as response:
        assert response.status_code == 200


def test_streams_end_when_the_server_stops(app: Flask, client: FlaskClient) -> None:
    with client.get("/api/v1/events:stream", headers=ADMIN) as response:
        stream = chunks(response)
        next(stream)
        threading.Timer(0.2, state.of(app).streams.close, [0.1]).start()
        assert list(stream) == []


def scripted_answer(request: AskQuestion, ctx: Context) -> Answer:
    ctx.emit(Retrieved(answer_id="a1", conversation_id="c1", passages=()))
    ctx.emit(AnswerDelta(text="Because "))
    ctx.emit(AnswerDelta(text="[1]."))
    ctx.emit(AnswerCitation(citation=citation("1")))
    return answer("Because [1].", citations=(citation("1"),))


def test_an_answer_streams_its_parts_in_order(client: FlaskClient, scripted: ScriptedApplication) -> None:
    scripted.answering = scripted_answer
    with client.post("/api/v1/ask:stream", json=ASK, headers=ADMIN) as response:
        got = list(events(response))
    assert [name for name, _, _ in got] == ["retrieved", "delta", "delta", "citation", "done"]
    whole = got[-1][2]
    assert "".join(data["text"] for name, _, data in got if name == "delta") == whole["text"]
    assert [data for name, _, data in got if name == "citation"] == whole["citations"]
    assert whole["citations"][0]["location"] == {"path": "x.py", "start_line": 1, "end_line": 2}
    plain = client.post("/api/v1/ask", json=ASK, headers=ADMIN).json
    assert whole == plain


def test_an_answer_that_fails_at_once_is_a_plain_problem(
    client: FlaskClient, scripted: ScriptedApplication
) -> None:
    def answering(request: AskQuestion, ctx: Context) -> Answer:
        raise NotFoundError("There is no collection x.")

    scripted.answering = answering
    response = client.post("/api/v1/ask:stream", json=ASK, headers=ADMIN)
    assert response.status_code == 404
    assert response.json["code"] == "not_found"


@pytest.mark.parametrize(
    ("error", "code"), [(UnavailableError("The model is away."), "unavailable"), (KeyError("x"), "internal")]
)
def test_an_answer_that_fails_midway_ends_with_an_error(
    client: FlaskClient, scripted: ScriptedApplication, error: Exception, code: str
) -> None:
    def answering(request: AskQuestion, ctx: Context) -> Answer:
        ctx.emit(AnswerDelta(text="Because"))
        raise error

    scripted.answering = answering
    headers = {**ADMIN, "X-Request-ID": "r7"}
    with client.post("/api/v1/ask:stream", json=ASK, headers=headers) as response:
        got = list(events(response))
    assert [name for name, _, _ in got] == ["delta", "error"]
    assert got[-1][2]["code"] == code
    assert got[-1][2]["request_id"] == "r7"


def test_who_writes_an_answer_is_told_when_its_reader_leaves(
    client: FlaskClient, scripted: ScriptedApplication
) -> None:
    told: list[bool] = []
    finished = threading.Event()

    def answering(request: AskQuestion, ctx: Context) -> Answer:
        ctx.emit(AnswerDelta(text="Because"))
        told.append(ctx.abandoned())
        assert scripted.gate.wait(5)
        told.append(ctx.abandoned())
        finished.set()
        return answer("Because")

    scripted.answering = answering
    with client.post("/api/v1/ask:stream", json=ASK, headers=ADMIN) as response:
        next(events(response))
    scripted.gate.set()
    assert finished.wait(5)
    assert told == [False, True]


def test_answers_beyond_the_limit_are_refused(
    app: Flask, client: FlaskClient, scripted: ScriptedApplication
) -> None:
    def answering(request: AskQuestion, ctx: Context) -> Answer:
        ctx.emit(AnswerDelta(text="Because"))
        assert scripted.gate.wait(5)
        return answer("Because")

    scripted.answering = answering
    state.of(app).streams.answers._limit = 1
    with client.post("/api/v1/ask:stream", json=ASK, headers=ADMIN) as response:
        assert client.post("/api/v1/ask:stream", json=ASK, headers=ADMIN).status_code == 429
        scripted.gate.set()
        assert [name for name, _, _ in events(response)] == ["delta", "done"]


def test_a_job_is_followed_to_its_end(client: FlaskClient, scripted: ScriptedApplication) -> None:
    with client.get("/api/v1/jobs/j1:stream", headers=ADMIN) as response:
        stream = events(response)
        assert next(stream)[2]["done"] == 0
        for next_state in (job(JobState.RUNNING, 5), job(JobState.SUCCEEDED, 10)):
            scripted.job = next_state
            scripted.signals.jobs.notify()
            name, _, data = next(stream)
            assert name == "progress"
            assert (data["state"], data["done"]) == (next_state.state, next_state.done)
        assert list(stream) == []


def test_a_job_that_has_ended_is_told_once(client: FlaskClient, scripted: ScriptedApplication) -> None:
    scripted.job = job(JobState.FAILED, 3)
    with client.get("/api/v1/jobs/j1:stream", headers=ADMIN) as response:
        assert [data["state"] for _, _, data in events(response)] == ["failed"]


def test_many_who_watch_a_job_cost_as_much_as_one(app: Flask, scripted: ScriptedApplication) -> None:
    hub = state.of(app).streams.jobs
    watchers = [hub.follow(scripted.job) for _ in range(50)]
    for watcher in watchers:
        next(watcher)
    before = scripted.job_reads
    scripted.job = job(JobState.SUCCEEDED, 10)
    scripted.signals.jobs.notify()
    for watcher in watchers:
        assert [seen.done for seen in watcher if seen is not None] == [10]
    assert scripted.job_reads - before <= 6
