"""Signing in by hand."""

from __future__ import annotations

import pytest
from selenium import webdriver

from tests.e2e.conftest import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_told_and_the_right_one_goes_where_one_wanted(
    browser: webdriver.Chrome, site: Site
) -> None:
    someone = Person(browser, site)
    someone.open("/agents")
    someone.see("sign-in")
    someone.sign_in("not this one")
    assert "wrong" in someone.see("login-failure").text
    assert someone.focused().get_attribute("id") == "password"
    someone.sign_in()
    someone.see("question")


def test_signing_out_closes_the_door(person: Person) -> None:
    person.click("sign-out")
    person.see("sign-in")
    person.open("/collections")
    person.see("sign-in")
