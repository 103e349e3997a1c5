"""One's own password over the API: what a new one ends, and what a wrong one costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.web import state
from src.web.app import create_app
from tests.support.application import ADMIN_PASSWORD, make_settings, running

from .test_api_contract import Script


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    with running(make_settings(tmp_path_factory.mktemp("passwords") / "data"), worker=False) as application:
        app = create_app(application)
        yield Script(app.test_client()).signed_in("admin", ADMIN_PASSWORD)
        state.of(app).streams.close(0.1)


def test_ones_own_password_is_changed_and_ends_what_the_old_one_began(admin: Script) -> None:
    old, new = "a long password", "another long password"
    admin.call("POST", "/users", 201, json={"username": "bo", "password": old, "roles": ["reader"]})
    elsewhere, bo = (Script(admin.client).signed_in("bo", old) for _ in range(2))
    personal = Script(admin.client, bo.call("POST", "/tokens", 201, json={"name": "laptop"})["token"])
    assert bo.call("PUT", "/me/password", 204, json=_change(old, new)) is None
    for ended in (elsewhere, bo):
        assert ended.call("GET", "/me", 401)["code"] == "unauthenticated"
    assert personal.call("GET", "/me", 200)["username"] == "bo"
    Script(admin.client).call("POST", "/auth/token", 401, json={"username": "bo", "password": old})
    Script(admin.client).signed_in("bo", new).call("GET", "/me", 200)


def test_a_wrong_current_password_changes_nothing_and_ends_in_a_pause(admin: Script) -> None:
    old = "a long password"
    admin.call("POST", "/users", 201, json={"username": "cy", "password": old})
    cy = Script(admin.client).signed_in("cy", old)
    short = cy.call("PUT", "/me/password", 422, json=_change(old, "sh0rt!"))
    assert [bad["field"] for bad in short["errors"]] == ["new_password"]
    for _ in range(5):
        wrong = cy.call("PUT", "/me/password", 422, json=_change("guessed", "another long password"))
        assert [bad["field"] for bad in wrong["errors"]] == ["current_password"]
    paused = cy.call("PUT", "/me/password", 429, json=_change(old, "another long password"))
    assert paused["code"] == "too_many_requests"
    Script(admin.client).call("POST", "/auth/token", 429, json={"username": "cy", "password": old})
    assert cy.call("GET", "/me", 200)["username"] == "cy"


def _change(current: str, new: str) -> dict[str, str]:
    return {"current_password": current, "new_password": new}
