"""Signing in and out."""

from __future__ import annotations

import pytest

from src.web.pages.login.views import safe_target
from tests.support.application import ADMIN_PASSWORD
from tests.support.site import Site, marked, words


def test_the_right_password_leads_to_the_question_box(site: Site) -> None:
    visitor = site.visitor(signed_in=False)
    response = visitor.sign_in("admin", ADMIN_PASSWORD)
    assert response.status_code == 303
    assert response.location == "/"
    assert marked(visitor.page("/"), "question")


@pytest.mark.parametrize(("username", "password"), [("admin", "wrong"), ("nobody", "wrong")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(site: Site, username: str, password: str) -> None:
    visitor = site.visitor(signed_in=False)
    tree = visitor.read(visitor.sign_in(username, password), status=401)
    assert words(marked(tree, "login-failure")[0]) == "The username or the password is wrong."
    field = tree.css_first("#username")
    assert field is not None
    assert field.attributes["value"] == username
    assert password not in tree.html or password == "wrong"


def test_too_many_wrong_passwords_are_refused_in_words(site: Site) -> None:
    visitor = site.visitor(signed_in=False)
    statuses = [visitor.sign_in("guessed", "wrong").status_code for _ in range(20)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    tree = visitor.read(visitor.sign_in("guessed", "wrong"), status=429)
    assert "try again" in words(marked(tree, "login-failure")[0])


def test_empty_fields_are_named_beside_themselves(site: Site) -> None:
    visitor = site.visitor(signed_in=False)
    tree = visitor.read(visitor.sign_in("", ""), status=422)
    assert words(marked(tree, "username-error")[0]) == "Enter your username."
    field = tree.css_first("#password")
    assert field is not None
    assert field.attributes["aria-invalid"] == "true"
    assert field.attributes["aria-describedby"] == "password-hint"


def test_a_page_that_was_wanted_is_shown_after_signing_in(site: Site) -> None:
    visitor = site.visitor(signed_in=False)
    response = visitor.get("/collections?x=1")
    assert response.status_code == 302
    tree = visitor.page(response.location)
    wanted = tree.css_first("input[name=next]")
    assert wanted is not None
    assert wanted.attributes["value"] == "/collections?x=1"
    sent = visitor.send(
        "/login", {"username": "admin", "password": ADMIN_PASSWORD, "next": "/collections?x=1"}
    )
    assert sent.location == "/collections?x=1"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "http:evil.example",
    "",
    None,
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_to_another_site(target: str | None) -> None:
    assert safe_target(target) is None


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_planted_target_is_ignored(site: Site, target: str) -> None:
    visitor = site.visitor(signed_in=False)
    visitor.page("/login")
    sent = visitor.send("/login", {"username": "admin", "password": ADMIN_PASSWORD, "next": target})
    assert sent.location == "/"


def test_who_is_signed_in_goes_on_from_the_sign_in_page(site: Site) -> None:
    assert site.visitor().get("/login?next=/agents").location == "/agents"


def test_signing_out_takes_a_form_and_ends_the_session(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/")
    assert visitor.get("/logout").status_code == 405
    assert visitor.send("/logout", {}).location == "/login"
    assert visitor.get("/").status_code == 302


FOR_MEMBERS = (
    "/ /search /collections /collections/x /documents/x /answers/x /agents /agents/events "
    "/agents/events/stream /account /ask/progress /ask/history"
)


@pytest.mark.parametrize("path", FOR_MEMBERS.split())
def test_pages_are_for_those_who_signed_in(site: Site, path: str) -> None:
    response = site.visitor(signed_in=False).get(path)
    assert response.status_code == 302
    assert response.location.startswith("/login?next=")


def test_a_script_of_an_ended_session_is_sent_to_the_sign_in_page(site: Site) -> None:
    response = site.visitor(signed_in=False).get("/ask/progress", **{"HX-Request": "true"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login"


def test_a_form_without_its_token_is_refused_in_words(site: Site) -> None:
    visitor = site.visitor()
    response = visitor.client.post("/collections", data={"name": "Forged"})
    tree = visitor.read(response, status=400)
    assert "The form has expired" in words(tree)
