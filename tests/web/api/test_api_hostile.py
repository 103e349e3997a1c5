"""Whatever is sent to the real application, no answer is a fault of the server."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from src.cli.tokens import local_token
from src.core.messages.collections import CreateCollection
from src.web import state
from src.web.api.operation import Body, Operation
from src.web.api.table import OPERATIONS, PREFIX
from src.web.app import create_app
from tests.support.application import House, make_settings, running

ROUNDS = 9
"""Naughty strings for each place; the places take turns, so that every string is used many times."""

PLAIN = [operation for operation in OPERATIONS if not operation.parts]
WITH_JSON = [operation for operation in PLAIN if operation.takes is Body.JSON]


RAW_NAMES = (
    b'"\xff\xfe"',
    b'"a\x00b"',
    b"",
    b'"',
    b'"../../etc/passwd"',
    b"*=utf-8''%ff",
    b'"' + b"x" * 9000,
)


class Outsider:
    """An administrator who sends anything at all."""

    def __init__(self, client: FlaskClient, token: str, collection_id: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}
        self.collection_id = collection_id

    def call(self, operation: Operation, places: dict[str, str] | None = None, **how: Any) -> TestResponse:
        path = operation.path
        for name in operation.places:
            given_place = (places or {}).get(name)
            usual = self.collection_id if name == "collection_id" else "missing"
            path = path.replace(f"{{{name}}}", quote(given_place, safe="") if given_place else usual)
        response = self.client.open(PREFIX + path, method=operation.method, headers=self.headers, **how)
        check(response)
        return response


def check(response: TestResponse) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json"
        problem = json.loads(response.data)
        assert problem["code"]
        assert problem["status"] == response.status_code
        assert problem["errors"] or problem["code"] != "invalid_request", problem["detail"]
    elif response.data:
        json.loads(response.data)


@pytest.fixture(scope="module")
def outsider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outsider]:
    folder = tmp_path_factory.mktemp("hostile") / "data"
    with running(make_settings(folder), worker=False) as application:
        house = House(application)
        app = create_app(application)
        collection_id = house.ask(CreateCollection(name="Target")).id
        token = local_token(folder, house.caller.user_id or "")
        yield Outsider(app.test_client(), token, collection_id)
        state.of(app).streams.close(0.1)


@pytest.fixture(scope="module")
def naughty(shared_data: Path) -> list[str]:
    strings: list[str] = json.loads((shared_data / "bad_input" / "blns.json").read_text(encoding="utf-8"))
    return [*strings, "\x00", "a\x00b", "x" * 100_000, "\u202e", "\ufffe", "\U0010ffff"]


def usual_body(operation: Operation) -> dict[str, Any]:
    """A body that is valid, or nearly so."""
    return dict(operation.example or {})


def test_a_naughty_string_in_any_field_of_a_body(outsider: Outsider, naughty: list[str]) -> None:
    turns = itertools.cycle(naughty)
    for operation in WITH_JSON:
        for field in operation.inputs:
            for text in itertools.islice(turns, ROUNDS):
                for value in (text, [text], {"path": text, "types": [text]}):
                    outsider.call(operation, json={**usual_body(operation), field: value})


def test_a_naughty_string_in_any_place_of_a_path(outsider: Outsider, naughty: list[str]) -> None:
    turns = itertools.cycle(naughty)
    for operation in PLAIN:
        for place in operation.places:
            for text in itertools.islice(turns, ROUNDS):
                outsider.call(operation, {place: text})


def test_a_naughty_string_in_any_field_of_a_query(outsider: Outsider, naughty: list[str]) -> None:
    turns = itertools.cycle(naughty)
    for operation in PLAIN:
        if operation.method == "GET":
            for field in (*operation.inputs, "limit", "cursor", "other"):
                for text in itertools.islice(turns, ROUNDS):
                    outsider.call(operation, query_string={field: text})


def test_a_naughty_name_of_an_uploaded_file(outsider: Outsider, naughty: list[str]) -> None:
    upload = next(operation for operation in PLAIN if operation.takes is Body.FILES)
    names = [
        text for text in naughty if not {"\r", "\n", "\x00"} & set(text)
    ]  # the client cannot write these
    for start in range(0, len(names), 20):
        parts = [(BytesIO(b"text"), name) for name in names[start : start + 20]]
        outsider.call(upload, data={"files": parts})
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename='
    for name in (
        b'"\xff\xfe"',
        b'"a\x00b"',
        b"",
        b'"',
        b'"../../etc/passwd"',
        b"*=utf-8''%ff",
        b'"' + b"x" * 9000,
    ):
        body = head + name + b"\r\n\r\ntext\r\n--x--\r\n"
        outsider.call(upload, data=body, content_type="multipart/form-data; boundary=x")


def test_a_naughty_line_of_an_import(outsider: Outsider, naughty: list[str]) -> None:
    lines = [
        json.dumps({"external_id": "a", "title": "t", "text": "x", field: text})
        for text in naughty
        for field in ("external_id", "title", "text", "uri", "media_type", "metadata", "surprise")
    ]
    lines += ["", "{", "[]", "null", "7", '"x"', "[" * 10_000, '{"external_id": NaN}', '{"title": "\\ud800"}']
    importing = next(operation for operation in PLAIN if operation.takes is Body.NDJSON)
    for start in range(0, len(lines), 500):
        body = "\n".join(lines[start : start + 500]).encode("utf-8", "replace")
        response = outsider.call(importing, data=body, content_type="application/x-ndjson")
        assert response.status_code == 202
    for body in (b"", b"\xff\xfe\n\x00", b"\n\n\n", b'{"external_id": "a"' * 1000):
        outsider.call(importing, data=body, content_type="application/x-ndjson")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_json_at_all(outsider: Outsider, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(WITH_JSON))
    field = data.draw(st.sampled_from(operation.inputs))
    value = data.draw(JSON)
    try:
        body = json.dumps({**usual_body(operation), field: value}).encode()
    except ValueError:
        return
    outsider.call(operation, data=body, content_type="application/json")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(operation=st.sampled_from(PLAIN), body=st.binary(max_size=200), kind=st.text(max_size=40))
def test_any_bytes_of_any_type(outsider: Outsider, operation: Operation, body: bytes, kind: str) -> None:
    kinds = [operation.takes.value, kind.encode("latin-1", "replace").decode("latin-1")]
    for content_type in kinds:
        if operation.method != "DELETE" and not {"\r", "\n"} & set(content_type):
            outsider.call(operation, data=body, content_type=content_type)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(token=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=300))
def test_any_token(outsider: Outsider, token: str) -> None:
    response = outsider.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
