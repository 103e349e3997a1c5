"""A stream lasts no longer than its reader's sign-in."""

from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from src.web.streams import service
from tests.web.api.scripted import ADMIN, NOW, TOKENS, ScriptedApplication

EVENTS = "/api/v1/events:stream"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ADMITTED_S", 0.2)


@pytest.mark.parametrize("path", [EVENTS, "/api/v1/jobs/j1:stream"])
def test_a_stream_ends_with_its_readers_sign_in(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    with client.get(path, headers=ADMIN) as response:
        stream = response.iter_encoded()
        next(stream)
        monkeypatch.delitem(TOKENS, "admin-token")  # revoked, expired, or of a user who is disabled
        assert list(stream) == []


def test_a_stream_ends_when_its_reader_gets_other_roles(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client.get(EVENTS, headers=ADMIN) as response:
        stream = response.iter_encoded()
        next(stream)
        monkeypatch.setitem(TOKENS, "admin-token", ("u1", ("reader",)))
        assert list(stream) == []


def test_a_pages_stream_ends_when_its_account_is_switched_off(
    client: FlaskClient, scripted: ScriptedApplication
) -> None:
    with client.session_transaction() as session:
        session.update(_user_id="u1", since=NOW.isoformat())
    with client.get("/agents/events/stream") as response:
        assert response.content_type.startswith("text/event-stream")
        stream = response.iter_encoded()
        next(stream)
        scripted.switched_off.add("u1")
        assert list(stream) == []


def test_a_stream_outlasts_a_moment_in_which_its_reader_cannot_be_looked_up(
    client: FlaskClient, scripted: ScriptedApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(*_: object) -> None:
        asked.append(1)
        raise OperationalError("SELECT", None, ConnectionError("The database is away."))

    with client.get(EVENTS, headers=ADMIN) as response:
        stream = response.iter_encoded()
        next(stream)
        monkeypatch.setattr(scripted.orchestrator, "ask", away)
        threading.Timer(1.5, scripted.event_log.add, ["late.v1"]).start()
        assert b"late.v1" in next(stream)
        assert asked
