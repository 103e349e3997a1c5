"""Feedback over the REST API, as an outside script gives and reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from src.web import state
from src.web.app import create_app
from tests.support.application import ADMIN_PASSWORD, make_settings, running, wait_for
from tests.web.api.test_api_contract import Script

TEXTS = {
    "islands.txt": b"Parcels to islands take five working days.",
    "returns.txt": b"Returned goods are refunded within fourteen days.",
}
AS_LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    with running(make_settings(tmp_path_factory.mktemp("feedback") / "data")) as application:
        app = create_app(application)
        yield Script(app.test_client()).signed_in("admin", ADMIN_PASSWORD)
        state.of(app).streams.close(0.1)


@pytest.fixture(scope="module")
def collection(admin: Script) -> str:
    made = admin.call("POST", "/collections", 201, json={"name": "Post"})
    files = {"files": [(BytesIO(text), name) for name, text in TEXTS.items()]}
    admin.finished(admin.call("POST", f"/collections/{made['id']}/documents", 202, data=files)["job_id"])
    return str(made["id"])


@pytest.fixture
def answer(admin: Script, collection: str) -> Any:
    body = {"question": "How long does a parcel to an island take?", "collection_ids": [collection]}
    return admin.call("POST", "/ask", 200, json=body)


@pytest.fixture
def found(admin: Script, collection: str) -> Any:
    body = {"query": "parcel to an island", "collection_ids": [collection]}
    return admin.call("POST", "/search", 200, json=body)


def lines(admin: Script, path: str) -> list[Any]:
    response = admin.client.get(f"/api/v1{path}", headers={**admin.headers, **AS_LINES})
    assert response.status_code == 200
    assert response.content_type == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def checked(admin: Script, path: str) -> list[Any] | None:
    """What is listed, when all of it has been checked."""
    items: list[Any] = admin.call("GET", path, 200)["items"]
    return None if any(one["state"] == "new" for one in items) else items


def test_an_answer_is_rated_read_and_unrated(admin: Script, answer: Any) -> None:
    path = f"/answers/{answer['answer_id']}/feedback"
    rated = admin.call("POST", path, 200, json={"verdict": "up"})
    body = {
        "verdict": "down",
        "stars": 2,
        "reasons": ["outdated", "other"],
        "comment": "Ferries sail daily.",
        "correction": "Two days.",
    }
    again = admin.call("POST", path, 200, json=body)
    assert again["id"] == rated["id"]
    assert {name: again[name] for name in body} == {**body, "reasons": ["other", "outdated"]}
    marker = answer["citations"][0]["marker"]
    cited = f"/answers/{answer['answer_id']}/citations/{marker}/feedback"
    assert admin.call("POST", cited, 200, json={"verdict": "up"})["marker"] == marker
    assert {one["kind"] for one in admin.call("GET", path, 200)["items"]} == {"answer", "citation"}
    for _ in range(2):
        admin.call("DELETE", path, 204)
        admin.call("DELETE", cited, 204)
    assert admin.call("GET", path, 200)["items"] == []


def test_a_hit_is_unrated_by_its_query_or_by_a_body(admin: Script, found: Any) -> None:
    place = {"query_id": found["query_id"], "passage_id": found["hits"][0]["passage_id"]}
    for how in ({"json": place}, {"query_string": place}):
        rated = admin.call("POST", "/search-hits/feedback", 200, json={**place, "verdict": "down"})
        assert (rated["place"], rated["kind"]) == (1, "hit")
        admin.call("DELETE", "/search-hits/feedback", 204, **how)
        listed = admin.call("GET", f"/feedback?query_id={found['query_id']}", 200)["items"]
        assert listed == []
    admin.call("DELETE", "/search-hits/feedback", 422)
    admin.call("DELETE", "/search-hits/feedback", 422, json={**place, "verdict": "down"})


def test_what_was_never_shown_is_404_and_a_bad_field_422(admin: Script, answer: Any, found: Any) -> None:
    path = f"/answers/{answer['answer_id']}/feedback"
    for body in ({}, {"verdict": "maybe"}, {"verdict": "up", "stars": 6}, {"verdict": "up", "why": 1}):
        assert admin.call("POST", path, 422, json=body)["errors"]
    for bad in ({"reasons": ["bad"]}, {"comment": "x" * 4001}, {"comment": "a\x00b"}):
        admin.call("POST", path, 422, json={"verdict": "up", **bad})
    admin.call("POST", "/answers/none/feedback", 404, json={"verdict": "up"})
    admin.call("POST", f"/answers/{answer['answer_id']}/citations/99/feedback", 404, json={"verdict": "up"})
    hit = {"query_id": found["query_id"], "passage_id": "none"}
    admin.call("POST", "/search-hits/feedback", 404, json={**hit, "verdict": "up"})
    admin.call("DELETE", path, 204)
    admin.call("DELETE", "/answers/none/feedback", 404)
    admin.call("DELETE", f"/answers/{answer['answer_id']}/citations/99/feedback", 404)
    admin.call("DELETE", "/search-hits/feedback", 404, json=hit)


def test_feedback_is_listed_in_pages_and_streamed_as_lines(admin: Script, collection: str) -> None:
    body = {"query": "goods", "collection_ids": [collection]}
    for _ in range(3):
        results = admin.call("POST", "/search", 200, json=body)
        for hit in results["hits"]:
            given = {"query_id": results["query_id"], "passage_id": hit["passage_id"], "verdict": "up"}
            admin.call("POST", "/search-hits/feedback", 200, json=given)
    path = f"/feedback?collection_id={collection}&kind=hit"
    whole = wait_for(lambda: checked(admin, path))
    assert len(whole) == 6
    first = admin.call("GET", f"{path}&limit=4", 200)
    rest = admin.call("GET", f"{path}&limit=4&cursor={first['next']}", 200)
    assert first["items"] + rest["items"] == whole
    assert lines(admin, path) == whole
    assert len(lines(admin, f"{path}&limit=4")) == 4
    latest = whole[0]["updated_at"]
    since = admin.call("GET", path + f"&since={latest}", 200)["items"]
    assert whole[0]["id"] in [one["id"] for one in since]
    assert len(since) < 6
    assert admin.call("GET", path + "&since=2999-01-01T00:00:00Z", 200)["items"] == []


def test_a_bad_question_for_lines_is_answered_with_a_problem(admin: Script) -> None:
    for query, status in (("collection_id=none", 404), ("since=yesterday", 422), ("cursor=x", 422)):
        response = admin.client.get(f"/api/v1/feedback?{query}", headers={**admin.headers, **AS_LINES})
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    for extreme in ("0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"):
        admin.call("GET", f"/feedback?since={extreme}", 422)


def test_held_ratings_are_reviewed_and_signals_noted(admin: Script, found: Any) -> None:
    hit = {"query_id": found["query_id"], "passage_id": found["hits"][0]["passage_id"]}
    rated = admin.call("POST", "/search-hits/feedback", 200, json={**hit, "verdict": "up"})
    body = {"rating_ids": [rated["id"]], "decision": "discard"}
    assert admin.call("POST", "/feedback:review", 200, json=body) == {"changed": 1}
    (discarded,) = admin.call("GET", f"/feedback?state=discarded&query_id={found['query_id']}", 200)["items"]
    assert (discarded["id"], discarded["reviewed_by"]) == (rated["id"], "admin")
    admin.call("POST", "/feedback:review", 422, json={**body, "rating_ids": []})
    admin.call("POST", "/signals", 204, json={"kind": "opened", **hit})
    admin.call("POST", "/signals", 422, json={"kind": "sang", **hit})
