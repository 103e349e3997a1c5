"""How the API reads a request and refuses a bad one."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from src.core.context import Context
from src.core.messages.questions import Answer, AskQuestion
from tests.web.api.scripted import ADMIN, READER, ScriptedApplication, answer

JSON = {**ADMIN, "Content-Type": "application/json"}


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    body: dict[str, Any] = json.loads(response.data)
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert body["detail"]
    assert body["type"].endswith(code)
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer "}])
def test_a_call_without_a_token_is_refused_before_its_body_is_read(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    response = client.post("/api/v1/search", data=b"not json", headers=headers)
    problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="Stoa"')


@pytest.mark.parametrize("token", ["wrong", "x" * 5000, "é", "stoa_x"])
def test_a_wrong_token_is_named_invalid(client: FlaskClient, token: str) -> None:
    response = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    problem(response, 401, "unauthenticated")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_a_cookie_does_not_sign_in_to_the_api(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = "u1"
    problem(client.get("/api/v1/me"), 401, "unauthenticated")


def test_the_caller_is_the_owner_of_the_token(client: FlaskClient) -> None:
    assert client.get("/api/v1/me", headers=READER).json == {
        "id": "u2",
        "username": "u2",
        "roles": ["reader"],
        "created_at": "2026-11-21T00:00:00Z",
        "disabled": False,
    }


def test_an_administrators_call_is_forbidden_to_others(client: FlaskClient) -> None:
    problem(client.get("/api/v1/users", headers=READER), 403, "forbidden")


def test_an_unknown_path_is_a_problem_in_our_own_words(client: FlaskClient) -> None:
    assert "spelling" not in client.get("/api/v1/nothing", headers=ADMIN).text
    problem(client.get("/api/v1/nothing", headers=ADMIN), 404, "not_found")


@pytest.mark.parametrize("bad", ["a.b", "a%00b", "x" * 65, "%F0%9F%98%80", "a:b"])
def test_an_id_of_another_form_is_not_found(client: FlaskClient, bad: str) -> None:
    problem(client.get(f"/api/v1/documents/{bad}", headers=ADMIN), 404, "not_found")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: FlaskClient) -> None:
    response = client.put("/api/v1/collections/c1", headers=ADMIN)
    problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) >= {"GET", "PATCH", "DELETE"}


MALFORMED = [
    b"{",
    b'{"query": "x"',
    b"{'query': 1}",
    b'{"query": NaN}',
    b'{"query": "\\ud800"}',
    b'{"query": "\xff\xfe"}',
    b"[" * 100_000,
    b'{"k": ' + b"9" * 10_000 + b"}",
    b"\x00",
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_not_json_is_a_malformed_body(client: FlaskClient, body: bytes) -> None:
    problem(client.post("/api/v1/search", data=body, headers=JSON), 400, "malformed_body")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7", b"true"])
def test_json_that_is_no_object_is_not_valid(client: FlaskClient, body: bytes) -> None:
    told = problem(client.post("/api/v1/search", data=body, headers=JSON), 422, "invalid_request")
    assert told["errors"] == [{"field": "body", "detail": "Must be a JSON object"}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": "   "}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"query": 7}, "query"),
        ({"query": "x" * 4001}, "query"),
        ({"query": "x", "k": 0}, "k"),
        ({"query": "x", "k": 10**30}, "k"),
        ({"query": "x", "k": None}, "k"),
        ({"query": "x", "collection_ids": ["../.."]}, "collection_ids.0"),
        ({"query": "x", "filters": {"path": ""}}, "filters.path"),
        ({"query": "x", "filters": []}, "filters"),
        ({"query": "x", "surprise": 1}, "surprise"),
        ({"query": "x", "filters": {"surprise": 1}}, "filters.surprise"),
    ],
)
def test_a_bad_field_is_named(client: FlaskClient, body: object, field: str) -> None:
    told = problem(client.post("/api/v1/search", json=body, headers=ADMIN), 422, "invalid_request")
    assert field in [bad["field"] for bad in told["errors"]]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_of_another_type_is_not_supported(client: FlaskClient, kind: str | None) -> None:
    headers = {**ADMIN, **({"Content-Type": kind} if kind else {})}
    response = client.post("/api/v1/search", data=b'{"query": "x"}', headers=headers)
    problem(response, 415, "unsupported_media_type")


def test_an_absent_body_is_an_empty_object(client: FlaskClient) -> None:
    told = problem(client.post("/api/v1/search", headers=ADMIN), 422, "invalid_request")
    assert [bad["field"] for bad in told["errors"]] == ["query"]


def test_a_json_body_beyond_a_mebibyte_is_too_large(client: FlaskClient) -> None:
    body = json.dumps({"query": "x" * 2**20})
    problem(client.post("/api/v1/search", data=body, headers=JSON), 413, "too_large")


def test_a_field_of_the_path_cannot_come_from_the_body(client: FlaskClient) -> None:
    body = {"name": "x", "collection_id": "other"}
    told = problem(client.patch("/api/v1/collections/c1", json=body, headers=ADMIN), 422, "invalid_request")
    assert told["errors"] == [{"field": "collection_id", "detail": "Unknown field"}]


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=x", "limit"), ("state=asleep", "state"), ("sate=failed", "sate"),
     ("limit=1&limit=2", "limit"), ("cursor=" + "x" * 500, "cursor")],
)  # fmt: skip
def test_a_bad_query_is_named(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"/api/v1/collections/c1/documents?{query}", headers=ADMIN)
    told = problem(response, 422, "invalid_request")
    assert [bad["field"] for bad in told["errors"]] == [field]


def test_an_empty_query_value_is_an_absent_one(client: FlaskClient) -> None:
    response = client.get("/api/v1/collections/c1/documents?state=&cursor=&limit=5", headers=ADMIN)
    problem(response, 404, "not_found")  # valid, and the scripted agent finds nothing


def upload(client: FlaskClient, data: Any, kind: str = "multipart/form-data") -> TestResponse:
    return client.post("/api/v1/collections/c1/documents", data=data, headers=ADMIN, content_type=kind)


def test_an_upload_needs_files(client: FlaskClient) -> None:
    told = problem(upload(client, {}), 422, "invalid_request")
    assert told["errors"][0]["field"] == "files"


def test_a_part_with_another_name_is_refused_with_the_right_one(client: FlaskClient) -> None:
    told = problem(upload(client, {"file": (BytesIO(b"x"), "a.txt")}), 422, "invalid_request")
    assert told["errors"] == [{"field": "file", "detail": "Unknown part"}]
    assert "'files'" in told["detail"]


PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
BROKEN = [
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b"nonsense"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n"),
    ("multipart/form-data; boundary=x", PART + b"hal"),
    ("multipart/form-data; boundary=\xe9", b"--x--"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_multipart_body_is_malformed(client: FlaskClient, kind: Any, body: bytes) -> None:
    problem(upload(client, body, kind), 400, "malformed_body")


def test_an_upload_of_json_is_not_supported(client: FlaskClient) -> None:
    problem(upload(client, b"{}", "application/json"), 415, "unsupported_media_type")


def test_an_import_takes_lines_of_json_only(client: FlaskClient) -> None:
    path = "/api/v1/collections/c1/documents:import"
    problem(client.post(path, json={}, headers=ADMIN), 415, "unsupported_media_type")


def test_a_body_beyond_the_limit_is_too_large(client: FlaskClient) -> None:
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    problem(upload(client, {"files": (BytesIO(b"x" * 2000), "a.txt")}), 413, "too_large")


def test_a_proper_request_id_is_taken_over(client: FlaskClient) -> None:
    response = client.get("/api/v1/me", headers={**ADMIN, "X-Request-ID": "from-outside_1"})
    assert response.headers["X-Request-ID"] == "from-outside_1"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "ü"])
def test_an_improper_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    response = client.get("/api/v1/me", headers={**ADMIN, "X-Request-ID": given})
    assert response.headers["X-Request-ID"] not in {"", given}


def test_the_request_id_reaches_the_agents(client: FlaskClient, scripted: ScriptedApplication) -> None:
    seen = []

    def answering(request: AskQuestion, ctx: Context) -> Answer:
        seen.append(ctx.correlation_id)
        return answer("Because.")

    scripted.answering = answering
    client.post("/api/v1/ask", json={"question": "Why?"}, headers={**ADMIN, "X-Request-ID": "r1"})
    assert seen == ["r1"]


def test_an_unexpected_failure_is_logged_and_gives_nothing_away(
    client: FlaskClient, scripted: ScriptedApplication, caplog: pytest.LogCaptureFixture
) -> None:
    def answering(request: AskQuestion, ctx: Context) -> Answer:
        raise RuntimeError("the secret cause")

    scripted.answering = answering
    response = client.post("/api/v1/ask", json={"question": "Why?"}, headers=ADMIN)
    told = problem(response, 500, "internal")
    assert "secret" not in response.text
    assert told["request_id"] in caplog.text
    assert "the secret cause" in caplog.text


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/api/v1/me", "/api/v1/docs", "/healthz"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
