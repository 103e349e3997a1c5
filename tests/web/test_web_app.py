"""What the application factory gives to every page: sessions, CSRF protection, the caller, error pages."""

from __future__ import annotations

from typing import Any, cast

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from flask_login import login_required

from src.core.messages.accounts import GetMe
from src.core.settings import Settings
from src.web import auth, state
from src.web.app import create_app
from src.web.errors import use_error_page
from tests.web.api.scripted import ScriptedApplication


def made(application: ScriptedApplication) -> Flask:
    """The application with a few views as pages have them."""
    app = create_app(cast(Any, application))

    def enter() -> str:
        return auth.sign_in("ada", request.args["password"]).username

    def leave() -> str:
        auth.sign_out()
        return "gone"

    app.add_url_rule("/enter", "enter", enter)
    app.add_url_rule("/leave", "leave", leave)
    app.add_url_rule("/whoami", "whoami", login_required(lambda: state.ask(GetMe()).username))
    app.add_url_rule("/change", "change", lambda: "changed", methods=["POST"])
    app.add_url_rule("/fail", "fail", lambda: 1 // 0)
    return app


@pytest.fixture
def application() -> ScriptedApplication:
    return ScriptedApplication()


@pytest.fixture
def client(application: ScriptedApplication) -> FlaskClient:
    return made(application).test_client()


def cookie(client: FlaskClient) -> str:
    return client.get("/enter?password=right").headers["Set-Cookie"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    flags = cookie(client)
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Secure" not in flags


def test_the_session_cookie_is_for_tls_alone_where_that_is_set() -> None:
    secure = ScriptedApplication(Settings(secure_cookies=True))
    assert "Secure" in cookie(made(secure).test_client())


def test_a_page_asks_for_the_one_who_signed_in(client: FlaskClient) -> None:
    assert client.get("/whoami").status_code == 302
    client.get("/enter?password=right")
    assert client.get("/whoami").text == "ada"
    client.get("/leave")
    assert client.get("/whoami").status_code == 302


def test_a_wrong_password_begins_no_session(client: FlaskClient) -> None:
    client.get("/enter?password=wrong")
    assert client.get("/whoami").status_code == 302


def test_signing_in_forgets_what_was_in_the_session_before(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody"
    client.get("/enter?password=right")
    with client.session_transaction() as session:
        assert "planted" not in session


def test_a_switched_off_account_is_signed_out_at_once(
    client: FlaskClient, application: ScriptedApplication
) -> None:
    client.get("/enter?password=right")
    application.switched_off.add("u1")
    assert client.get("/whoami").status_code == 302


def test_who_is_not_signed_in_comes_back_to_the_page_afterwards(client: FlaskClient) -> None:
    assert client.get("/whoami?a=1").headers["Location"] == "/login?next=%2Fwhoami%3Fa%3D1"
    by_script = client.get("/whoami", headers={"HX-Request": "true"})
    assert (by_script.status_code, by_script.headers["HX-Redirect"]) == (401, "/login")


def test_a_session_of_another_key_is_none(application: ScriptedApplication) -> None:
    forger = ScriptedApplication()
    forger.secret_key = b"x" * 32
    value = cookie(made(forger).test_client()).split("=", 1)[1].split(";")[0]
    client = made(application).test_client()
    client.set_cookie("stoa_session", value)
    assert client.get("/whoami").status_code == 302


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    client.get("/enter?password=right")
    assert client.post("/change").status_code == 400


def test_a_bearer_token_needs_no_form_token(client: FlaskClient) -> None:
    response = client.post(
        "/api/v1/search", json={"query": "x"}, headers={"Authorization": "Bearer admin-token"}
    )
    assert response.json["code"] == "not_found"


def test_failures_outside_the_api_are_shown_by_the_pages(
    application: ScriptedApplication, caplog: pytest.LogCaptureFixture
) -> None:
    app = made(application)
    use_error_page(app, lambda problem: Response(f"page for {problem.code}", problem.status))
    client = app.test_client()
    for path, code in (
        ("/nothing", "not_found"),
        ("/fail", "internal"),
        ("/enter?password=x", "unauthenticated"),
    ):
        assert client.get(path).text == f"page for {code}"
    assert client.post("/change").text == "page for csrf"
    assert client.get("/api/v1/nothing").json["code"] == "not_found"
    assert "ZeroDivisionError" in caplog.text
