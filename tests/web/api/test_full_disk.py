"""What a client is told when the server's disk is full."""

from __future__ import annotations

import errno

import pytest
from flask.testing import FlaskClient

from src.core.context import Context
from src.core.messages.questions import Answer, AnswerDelta, AskQuestion
from tests.web.api.scripted import ADMIN, ScriptedApplication


def full(*_: object) -> Answer:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/ask:stream"])
def test_a_full_disk_is_told_as_a_state_of_the_server_and_no_fault(
    client: FlaskClient, scripted: ScriptedApplication, path: str
) -> None:
    scripted.answering = full
    refused = client.post(path, json={"question": "Why?"}, headers=ADMIN)
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
    assert "The disk is full" in refused.json["detail"]
    assert refused.headers["Retry-After"]


def test_a_disk_that_fills_up_while_an_answer_streams_is_told_in_the_stream(
    client: FlaskClient, scripted: ScriptedApplication
) -> None:
    def answering(question: AskQuestion, ctx: Context) -> Answer:
        ctx.emit(AnswerDelta(text="Bec"))
        return full()

    scripted.answering = answering
    with client.post("/api/v1/ask:stream", json={"question": "Why?"}, headers=ADMIN) as response:
        *_, last = response.iter_encoded()
    assert last.startswith(b"event: error")
    assert b"The disk is full" in last


def test_readiness_tells_of_a_full_disk_where_nothing_can_be_recorded(
    client: FlaskClient, scripted: ScriptedApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted.orchestrator, "ask", full)
    response = client.get("/readyz")
    (part,) = response.json["parts"]
    assert (response.status_code, part["name"]) == (503, "disk")
    assert "The disk is full" in part["detail"]
