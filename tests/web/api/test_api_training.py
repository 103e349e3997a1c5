"""Training over the REST API, as an outside script starts and reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from src.web import state
from src.web.app import create_app
from tests.support.application import ADMIN_PASSWORD, House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School
from tests.web.api.test_api_contract import Script


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with running(make_settings(tmp_path_factory.mktemp("training") / "data", learning=False)) as application:
        school = School(House(application), topics=3)
        school.vote(TOPICS[:3])
        yield school


@pytest.fixture(scope="module")
def admin(school: School) -> Iterator[Script]:
    app = create_app(school.house.application)
    yield Script(app.test_client()).signed_in("admin", ADMIN_PASSWORD)
    state.of(app).streams.close(0.1)


def test_a_run_is_started_and_read_with_its_data_set(admin: Script, school: School) -> None:
    body = {"collection_id": school.collection_id}
    job_id = admin.call("POST", "/training-runs", 202, json=body)["job_id"]
    school.house.finished(job_id)
    (run,) = admin.call("GET", f"/training-runs?collection_id={school.collection_id}", 200)["items"]
    assert (run["job_id"], run["state"], run["model_id"]) == (job_id, "refused", None)
    assert admin.call("GET", f"/training-runs/{run['id']}", 200) == run
    (dataset,) = admin.call("GET", "/datasets", 200)["items"]
    assert dataset["id"] == run["dataset_id"]
    assert dataset["counts"]["taken"] == 3
    path = f"/datasets/{dataset['id']}/examples"
    page = admin.call("GET", f"{path}?limit=2", 200)
    rest = admin.call("GET", f"{path}?limit=2&cursor={page['next']}", 200)
    listed = [*page["items"], *rest["items"]]
    assert rest["next"] is None
    accept = {"Accept": "application/x-ndjson"}
    exported = admin.client.get(f"/api/v1{path}", headers={**admin.headers, **accept})
    assert exported.content_type == "application/x-ndjson"
    assert [json.loads(line) for line in exported.text.splitlines()] == listed
    assert {example["question"] for example in listed} == {
        f"How do I {topic} correctly?" for topic in TOPICS[:3]
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"trainer": "oracle"}, 422, "invalid_request"),
        ({"trainer": "full"}, 503, "unavailable"),
        ({"seed": -1}, 422, "invalid_request"),
        ({"collection_id": "nowhere"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_trained_is_a_problem_with_a_code(
    admin: Script, school: School, body: dict[str, Any], status: int, code: str
) -> None:
    asked = {"collection_id": school.collection_id, **body}
    problem = admin.call("POST", "/training-runs", status, json=asked)
    assert problem["code"] == code


def test_the_run_s_end_is_told_on_the_bus(admin: Script) -> None:
    ended = wait_for(lambda: admin.call("GET", "/events?topic=training.ended.v1", 200)["items"])
    assert {event["payload"]["state"] for event in ended} == {"refused"}
