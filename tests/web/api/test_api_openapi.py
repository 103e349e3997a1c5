"""The OpenAPI document: frozen, sound, and the same as the routes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from src.agents.ingestion.imports import ImportedDocument
from src.core.errors import AppError
from src.core.messages import catalogue
from src.web.api.documentation import document_text
from src.web.api.openapi import make_document, problem_codes
from src.web.api.table import OPERATIONS

FROZEN = Path(__file__).resolve().parents[3] / "docs" / "openapi.v1.json"
INSIDE = {
    "account.sign_in",
    "account.authenticate",
    "account.find",
    "health.check",
    "metrics.read",
    "passage.pool",
}
"""Capabilities that are not operations: they serve pages, other agents, the edge and the health paths."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return make_document()


def calls(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield path, method, call


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "$ref":
                yield part
            else:
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_version_1_of_the_api_is_as_it_was_frozen() -> None:
    assert document_text() == FROZEN.read_text(encoding="utf-8"), (
        "The API changed. If that is meant and breaks no client: python run.py openapi > docs/openapi.v1.json"
    )


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    there = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) == there


def test_every_schema_is_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_operations_have_names_of_their_own_and_summaries(document: dict[str, Any]) -> None:
    names = [call["operationId"] for _, _, call in calls(document)]
    assert len(names) == len(set(names))
    assert all(call["summary"] for _, _, call in calls(document))


def test_what_a_path_holds_is_declared(document: dict[str, Any]) -> None:
    for path, _, call in calls(document):
        declared = {entry["name"] for entry in call.get("parameters", ()) if entry["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_the_document_and_the_routes_are_the_same(app: Flask, document: dict[str, Any]) -> None:
    routed = {
        (re.sub(r"<(?:id:)?(\w+)>", r"{\1}", str(rule)), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith(("api.", "health."))
    }
    assert routed == {(path, method) for path, method, _ in calls(document)}


def test_every_capability_can_be_called() -> None:
    offered = {operation.request.capability for operation in OPERATIONS}
    assert offered | INSIDE == {request.capability for request in catalogue.requests()}


def test_examples_are_valid_requests() -> None:
    for operation in OPERATIONS:
        if operation.example:
            places = {name: "x1" for name in operation.places}
            operation.request.model_validate({**operation.example, **places, **operation.fixed})


def test_a_line_of_an_import_is_described_as_it_is_read(document: dict[str, Any]) -> None:
    call = document["paths"]["/api/v1/collections/{collection_id}/documents:import"]["post"]
    line = call["requestBody"]["content"]["application/x-ndjson"]["schema"]["x-line"]
    fields = ImportedDocument.model_fields
    assert line["properties"].keys() == fields.keys()
    assert set(line["required"]) == {name for name, field in fields.items() if field.is_required()}


def test_secrets_never_stand_in_a_reply(document: dict[str, Any]) -> None:
    replies = [call["responses"] for _, _, call in calls(document)]
    assert "password" not in json.dumps(replies)


def test_every_problem_code_is_explained_on_the_page(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs").text
    for code, _, meaning in problem_codes():
        assert f'id="problem-{code}"' in page
        assert meaning
    assert AppError.code in dict((code, status) for code, status, _ in problem_codes())


def test_the_page_explains_every_call_without_anything_from_elsewhere(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    page = client.get("/api/v1/docs").text
    for path, _, call in calls(document):
        assert path in page
        assert f'id="{call["operationId"]}"' in page
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "<script" not in page
    assert "style=" not in page
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page
    with client.get("/api/v1/docs/static/docs.css") as style:
        assert style.content_type.startswith("text/css")


def test_the_document_needs_no_token(client: FlaskClient) -> None:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert response.json["openapi"] == "3.1.0"
