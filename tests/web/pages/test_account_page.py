"""Tokens of one's own, and users for administrators."""

from __future__ import annotations

from pydantic import SecretStr

from src.core.messages.accounts import CreateUser, ListUsers
from tests.support.site import READER, Site, marked, words


def test_a_token_is_shown_once_works_and_can_be_revoked(site: Site) -> None:
    visitor = site.visitor(as_=READER)
    visitor.page("/account")
    tree = visitor.read(visitor.send("/account/tokens", {"name": "nightly"}))
    token = words(marked(tree, "token-text")[0])
    assert token.startswith("stoa_")
    assert token not in visitor.page("/account").html
    bearer = {"Authorization": f"Bearer {token}"}
    assert site.app.test_client().get("/api/v1/me", headers=bearer).status_code == 200
    row = next(one for one in marked(visitor.page("/account"), "token") if "nightly" in words(one))
    form = row.css_first("form")
    assert form is not None
    visitor.send(str(form.attributes["action"]), {})
    assert site.app.test_client().get("/api/v1/me", headers=bearer).status_code == 401


def test_a_token_without_a_name_is_refused_beside_the_field(site: Site) -> None:
    visitor = site.visitor(as_=READER)
    visitor.page("/account")
    tree = visitor.read(visitor.send("/account/tokens", {"name": ""}), status=422)
    assert marked(tree, "token-name-error")


def test_ones_own_password_is_changed_here_and_other_sessions_end(site: Site) -> None:
    old, new = "the first one", "the second one"
    site.house.ask(CreateUser(username="noor", password=SecretStr(old), roles=("reader",)))
    here, elsewhere = (site.visitor(as_=("noor", old)) for _ in range(2))
    here.page("/account")
    assert here.send("/account/password", {**_change(old, new), "csrf_token": ""}).status_code == 400
    assert here.send("/account/password", _change(old, new)).status_code == 303
    assert "Your other sessions have ended" in words(here.page("/account"))
    assert elsewhere.get("/account").status_code == 302
    assert site.visitor(signed_in=False).sign_in("noor", old).status_code == 401
    assert site.visitor(signed_in=False).sign_in("noor", new).status_code == 303


def test_a_wrong_current_password_is_told_beside_its_field_until_there_is_a_pause(site: Site) -> None:
    site.house.ask(CreateUser(username="olu", password=SecretStr("the first one")))
    visitor = site.visitor(as_=("olu", "the first one"))
    visitor.page("/account")
    short = visitor.read(visitor.send("/account/password", _change("the first one", "sh0rt!")), status=422)
    assert marked(short, "own-new-password-error")
    for _ in range(5):
        sent = visitor.send("/account/password", _change("a guess of mine", "the second one"))
        tree = visitor.read(sent, status=422)
        assert words(marked(tree, "current-password-error")[0]) == "This is not your current password"
        assert "a guess of mine" not in tree.html
    sent = visitor.send("/account/password", _change("the first one", "the second one"))
    assert "try again in" in words(marked(visitor.read(sent, status=429), "problem")[0])


def _change(current: str, new: str) -> dict[str, str]:
    return {"current_password": current, "new_password": new, "repeated_password": new}


def test_a_new_password_that_is_not_typed_twice_alike_is_refused_beside_its_field(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/account")
    form = _change("a wrong one", "the second one") | {"repeated_password": "the secnod one"}
    tree = visitor.read(visitor.send("/account/password", form), status=422)
    assert "type the new password twice" in words(marked(tree, "own-repeated-password-error")[0])
    assert "the secnod one" not in tree.html


def test_an_administrator_makes_users_who_can_sign_in(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/account")
    form = {"username": "li.wei", "password": "a good long one", "roles": "reader"}
    assert visitor.send("/account/users", form).status_code == 303
    assert site.visitor(signed_in=False).sign_in("li.wei", "a good long one").status_code == 303


def test_a_short_password_is_refused_beside_the_field_and_never_echoed(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/account")
    sent = visitor.send("/account/users", {"username": "ada", "password": "sh0rt!"})
    tree = visitor.read(sent, status=422)
    assert marked(tree, "new-password-error")
    assert "sh0rt!" not in tree.html


def test_a_taken_name_is_told(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/account")
    form = {"username": READER[0], "password": "a good long one"}
    assert visitor.send("/account/users", form).status_code == 409


def test_an_account_is_switched_off_and_on_and_gets_a_new_password(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/account")
    visitor.send("/account/users", {"username": "gone", "password": "the first one"})
    user = next(one.id for one in site.house.ask(ListUsers()).items if one.username == "gone")
    visitor.send(f"/account/users/{user}/password", {"password": "the second one"}, script=True)
    assert site.visitor(signed_in=False).sign_in("gone", "the second one").status_code == 303
    visitor.send(f"/account/users/{user}/disabled", {"disabled": "1"}, script=True)
    assert site.visitor(signed_in=False).sign_in("gone", "the second one").status_code == 401
    visitor.send(f"/account/users/{user}/disabled", {"disabled": "0"}, script=True)
    assert site.visitor(signed_in=False).sign_in("gone", "the second one").status_code == 303


def test_an_account_is_deleted_but_not_ones_own(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/account")
    visitor.send("/account/users", {"username": "leaver", "password": "the first one"})
    row = next(one for one in marked(visitor.page("/account"), "user") if "leaver" in words(one))
    assert "goes at the next training run" in words(row)
    user = next(one.id for one in site.house.ask(ListUsers()).items if one.username == "leaver")
    assert visitor.send(f"/account/users/{user}/delete", {}).status_code == 303
    assert site.visitor(signed_in=False).sign_in("leaver", "the first one").status_code == 401
    assert all("leaver" not in words(one) for one in marked(visitor.page("/account"), "user"))
    own = next(one for one in marked(visitor.page("/account"), "user") if words(one).startswith("admin"))
    assert not marked(own, "delete-user")
    assert visitor.send(f"/account/users/{site.house.caller.user_id}/delete", {}).status_code == 409


def test_users_are_for_administrators(site: Site) -> None:
    visitor = site.visitor(as_=READER)
    assert not marked(visitor.page("/account"), "users")
    form = {"username": "mallory", "password": "a good long one", "roles": "admin"}
    assert visitor.send("/account/users", form).status_code == 403
