"""The calls of version 1, made as an outside script makes them, on the real application."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from src.web import state
from src.web.app import create_app
from tests.support.application import ADMIN_PASSWORD, make_settings, running

CODE = '''"""Greetings."""


def greet(name: str) -> str:
    """Return a friendly greeting for a guest at the harbour."""
    return f"Ahoy, {name}!"
'''
SIGN_IN = {"username": "admin", "password": ADMIN_PASSWORD}


class Script:
    """Calls the API with a token and looks at the status."""

    def __init__(self, client: FlaskClient, token: str | None = None) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, status: int, **how: Any) -> Any:
        response = self.client.open(f"/api/v1{path}", method=method, headers=self.headers, **how)
        assert response.status_code == status, response.text
        return json.loads(response.data) if response.data else None

    def signed_in(self, username: str, password: str) -> Script:
        got = self.call("POST", "/auth/token", 200, json={"username": username, "password": password})
        assert got["token_type"] == "bearer"
        assert got["expires_in"] > 0
        return Script(self.client, got["access_token"])

    def finished(self, job_id: str) -> Any:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            job = self.call("GET", f"/jobs/{job_id}", 200)
            if job["state"] in {"succeeded", "failed", "cancelled"}:
                return job
            time.sleep(0.05)
        raise AssertionError(job)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sources") / "harbour"
    made.mkdir()
    (made / "greet.py").write_text(CODE)
    (made / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 64)
    return made


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Script]:
    data = tmp_path_factory.mktemp("contract") / "data"
    with running(make_settings(data, folder_roots=(folder.parent,))) as application:
        app = create_app(application)
        yield Script(app.test_client()).signed_in("admin", ADMIN_PASSWORD)
        state.of(app).streams.close(0.1)


@pytest.fixture(scope="module")
def library(admin: Script) -> str:
    """A collection with one uploaded Python file that is indexed."""
    made = admin.call("POST", "/collections", 201, json={"name": "Library", "description": "Code"})
    files = {"files": [(BytesIO(CODE.encode()), "greet.py")]}
    accepted = admin.call("POST", f"/collections/{made['id']}/documents", 202, data=files)
    assert [item["name"] for item in accepted["items"]] == ["greet.py"]
    job = admin.finished(accepted["job_id"])
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 1, 1)
    assert {"kind", "rate_per_s", "eta_s"} <= set(job)
    return str(made["id"])


def test_me_is_who_signed_in(admin: Script) -> None:
    me = admin.call("GET", "/me", 200)
    assert me["username"] == "admin"
    assert me["roles"] == ["admin"]


def test_a_wrong_password_gets_no_token(admin: Script) -> None:
    anonymous = Script(admin.client)
    problem = anonymous.call("POST", "/auth/token", 401, json={**SIGN_IN, "password": "wrong"})
    assert problem["code"] == "unauthenticated"


def test_a_pause_after_wrong_passwords_says_how_long_it_is(admin: Script) -> None:
    given = {"username": "guessed", "password": "wrong"}
    for _ in range(5):
        admin.client.post("/api/v1/auth/token", json=given)
    refused = admin.client.post("/api/v1/auth/token", json=given)
    assert refused.status_code == 429
    assert 20 <= int(refused.headers["Retry-After"]) <= 30


def test_a_new_user_signs_in_at_once_and_is_no_administrator(admin: Script) -> None:
    body = {"username": "ada", "password": "a long password", "roles": ["reader"]}
    admin.call("POST", "/users", 201, json=body)
    assert admin.call("POST", "/users", 409, json=body)["code"] == "conflict"
    ada = Script(admin.client).signed_in("ada", "a long password")
    assert ada.call("GET", "/users", 403)["code"] == "forbidden"
    listed = admin.call("GET", "/users?limit=1", 200)
    assert listed["next"]
    rest = admin.call("GET", f"/users?limit=1&cursor={listed['next']}", 200)
    assert {listed["items"][0]["username"], rest["items"][0]["username"]} == {"admin", "ada"}
    user_id = ada.call("GET", "/me", 200)["id"]
    admin.call("PATCH", f"/users/{user_id}", 200, json={"disabled": True})
    ada.call("GET", "/me", 401)
    assert admin.call("DELETE", f"/users/{user_id}", 204) is None
    assert admin.call("DELETE", f"/users/{user_id}", 404)["code"] == "not_found"
    own = admin.call("GET", "/me", 200)["id"]
    assert admin.call("DELETE", f"/users/{own}", 409)["code"] == "conflict"
    admin.call("POST", "/users", 201, json=body)


def test_a_personal_token_works_until_it_is_revoked(admin: Script) -> None:
    made = admin.call("POST", "/tokens", 201, json={"name": "laptop"})
    assert made["token"].startswith("stoa_")
    script = Script(admin.client, made["token"])
    assert script.call("GET", "/me", 200)["username"] == "admin"
    assert [item["token"] for item in admin.call("GET", "/tokens", 200)["items"]] == [None]
    admin.call("DELETE", f"/tokens/{made['id']}", 204)
    script.call("GET", "/me", 401)


def test_a_collection_is_made_changed_and_deleted(admin: Script) -> None:
    made = admin.call("POST", "/collections", 201, json={"name": "Shed"})
    path = f"/collections/{made['id']}"
    assert admin.call("PATCH", path, 200, json={"description": "Tools"})["description"] == "Tools"
    assert admin.call("GET", path, 200)["name"] == "Shed"
    assert made["id"] in [item["id"] for item in admin.call("GET", "/collections", 200)["items"]]
    assert admin.call("DELETE", path, 204) is None
    assert admin.call("GET", path, 404)["code"] == "not_found"


def test_a_document_shows_its_state_passages_and_text(admin: Script, library: str) -> None:
    (document,) = admin.call("GET", f"/collections/{library}/documents?state=indexed", 200)["items"]
    assert document["title"]
    assert document["error"] is None
    assert document["passages"] > 0
    assert admin.call("GET", f"/documents/{document['id']}", 200) == document
    passages = admin.call("GET", f"/documents/{document['id']}/passages", 200)["items"]
    assert any("Ahoy" in passage["text"] for passage in passages)
    assert all(passage["location"]["start_line"] >= 1 for passage in passages)
    assert admin.call("GET", f"/documents/{document['id']}/text", 200)["text"] == CODE
    again = admin.call("POST", f"/documents/{document['id']}:retry", 202)
    assert admin.finished(again["job_id"])["state"] == "succeeded"


def test_search_ranks_passages_with_scores_and_places(admin: Script, library: str) -> None:
    body = {"query": "friendly greeting for a guest", "collection_ids": [library], "k": 3}
    found = admin.call("POST", "/search", 200, json=body)
    assert found["query_id"]
    assert all(milliseconds >= 0 for milliseconds in found["took_ms"].values())
    first = found["hits"][0]
    assert first["rank"] == 1
    assert "Ahoy" in first["text"]
    assert {"dense", "lexical", "fused"} <= set(first["scores"])
    assert first["location"]["path"] == "greet.py"
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, len(found["hits"]) + 1))
    admin.call("POST", "/search", 404, json={**body, "collection_ids": ["missing"]})


def test_what_the_stream_showed_is_what_is_stored(admin: Script, library: str) -> None:
    body = {"question": "What does greet return for a guest at the harbour?", "collection_ids": [library]}
    response = admin.client.post("/api/v1/ask:stream", json=body, headers=admin.headers)
    events = [
        dict(line.split(": ", 1) for line in block.split("\n"))
        for block in response.text.split("\n\n")
        if "event: " in block
    ]
    names = [event["event"] for event in events]
    assert names[0] == "retrieved"
    assert names[-1] == "done"
    done = json.loads(events[-1]["data"])
    stored = admin.call("GET", f"/answers/{done['answer_id']}", 200)
    assert done == stored
    deltas = [json.loads(event["data"])["text"] for event in events if event["event"] == "delta"]
    assert "".join(deltas) == stored["text"]
    citations = [json.loads(event["data"]) for event in events if event["event"] == "citation"]
    assert citations == stored["citations"]
    assert stored["model"] == "extractive"
    assert stored["citations"][0]["location"]["path"] == "greet.py"
    assert {"grounded", "index_version", "took_ms", "conversation_id"} <= set(stored)
    summaries = admin.call("GET", "/answers", 200)["items"]
    assert stored["answer_id"] in [item["answer_id"] for item in summaries]


def test_an_import_takes_good_lines_and_names_bad_ones(admin: Script) -> None:
    made = admin.call("POST", "/collections", 201, json={"name": "Pages"})
    path = f"/collections/{made['id']}/documents:import"
    lines = [
        {"external_id": "p1", "title": "", "text": "The lighthouse is painted red."},
        {"external_id": "p2", "title": "Two"},
        {"external_id": "p3", "title": "Three", "text": "Boats leave at noon.", "metadata": {"page": 3}},
    ]
    body = "\n".join(json.dumps(line) for line in lines) + "\nnonsense\n"
    kind = {"content_type": "application/x-ndjson"}
    accepted = admin.call("POST", path, 202, data=body, **kind)
    assert accepted["accepted"] == 2
    assert [rejected["line"] for rejected in accepted["rejected"]] == [2, 4]
    assert all(rejected["code"] and rejected["detail"] for rejected in accepted["rejected"])
    assert admin.finished(accepted["job_id"])["state"] == "succeeded"
    replacement = json.dumps({**lines[0], "text": "The lighthouse is painted white."})
    again = admin.call("POST", path, 202, data=replacement, **kind)
    admin.finished(again["job_id"])
    documents = admin.call("GET", f"/collections/{made['id']}/documents", 200)["items"]
    assert sorted(document["external_id"] for document in documents) == ["p1", "p3"]
    found = admin.call("POST", "/search", 200, json={"query": "lighthouse", "collection_ids": [made["id"]]})
    assert "white" in found["hits"][0]["text"]


def test_a_source_is_added_synced_and_removed(admin: Script, folder: Path) -> None:
    made = admin.call("POST", "/collections", 201, json={"name": "Harbour"})
    path = f"/collections/{made['id']}/sources"
    accepted = admin.call("POST", path, 202, json={"kind": "folder", "location": str(folder)})
    assert admin.finished(accepted["job_id"])["state"] == "succeeded"
    source = admin.call("GET", f"/sources/{accepted['source_id']}", 200)
    assert source["counts"]["added"] == 1
    skipped = admin.call("GET", f"/sources/{source['id']}/skipped", 200)["items"]
    assert [(one["path"], bool(one["code"] and one["reason"])) for one in skipped] == [("picture.png", True)]
    (folder / "more.py").write_text("def moor() -> None:\n    '''Tie the boat to the quay.'''\n")
    again = admin.call("POST", f"/sources/{source['id']}:sync", 202)
    admin.finished(again["job_id"])
    found = admin.call("POST", "/search", 200, json={"query": "tie boat", "collection_ids": [made["id"]]})
    assert found["hits"][0]["location"]["path"] == "more.py"
    assert [item["id"] for item in admin.call("GET", path, 200)["items"]] == [source["id"]]
    admin.call("DELETE", f"/sources/{source['id']}", 204)
    assert admin.call("GET", f"/collections/{made['id']}/documents", 200)["items"] == []
    outside = {"kind": "folder", "location": "/etc"}
    refused = admin.call("POST", path, 422, json=outside)
    assert (refused["code"], refused["errors"][0]["field"]) == ("outside_roots", "location")


def test_jobs_are_listed_and_an_ended_one_stays_as_it_is(admin: Script, library: str) -> None:
    (job, *_) = admin.call("GET", f"/jobs?collection_id={library}&state=succeeded", 200)["items"]
    assert admin.call("POST", f"/jobs/{job['id']}:cancel", 200)["state"] == "succeeded"


def test_the_console_shows_capabilities_agents_events_and_dead_letters(admin: Script, library: str) -> None:
    capabilities = admin.call("GET", "/capabilities", 200)["items"]
    search = next(one for one in capabilities if one["name"] == "passage.search")
    assert search["agent"] == "retrieval"
    assert "query" in search["request_schema"]["properties"]
    first = admin.call("GET", "/capabilities?limit=2", 200)
    assert first["items"] == capabilities[:2]
    assert (
        admin.call("GET", f"/capabilities?limit=2&cursor={first['next']}", 200)["items"] == capabilities[2:4]
    )
    agents = {agent["name"]: agent for agent in admin.call("GET", "/agents", 200)["items"]}
    assert {"state", "current", "last_error", "handled", "failed", "backlog"} <= set(agents["ingestion"])
    assert admin.call("POST", "/agents/monitor:pause", 200)["state"] == "paused"
    assert admin.call("POST", "/agents/monitor:resume", 200)["state"] == "running"
    admin.call("POST", "/agents/nobody:pause", 404)
    events = admin.call("GET", "/events?after=0&topic=document.indexed.v1&limit=5", 200)["items"]
    assert {event["topic"] for event in events} == {"document.indexed.v1"}
    assert admin.call("GET", "/dead-letters", 200) == {"items": [], "next": None}
    admin.call("POST", "/dead-letters/missing:replay", 404)
    admin.call("DELETE", "/dead-letters/missing", 404)
    assert admin.call("GET", "/activities?limit=3", 200)["items"]


def test_the_indexes_are_checked_and_rebuilt(admin: Script, library: str) -> None:
    report = admin.call("POST", "/indexes:check", 200, json={"collection_id": library})
    assert report["sound"] is True
    queued = admin.call("POST", "/indexes:rebuild", 202, json={"collection_id": library})
    assert admin.finished(queued["job_id"])["state"] == "succeeded"


def test_health_is_told_without_a_token(admin: Script) -> None:
    ready = admin.client.get("/readyz")
    assert (ready.status_code, ready.json["ready"]) == (200, True)
    assert all({"name", "ready", "detail"} <= set(part) for part in ready.json["parts"])
    assert "stoa_" in admin.client.get("/metrics").text
