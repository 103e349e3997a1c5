"""A person at a real browser in front of the real site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.application import ADMIN_PASSWORD
from tests.support.chromium import console_errors
from tests.support.site import Site

PATIENCE_S = 30
TOLD = ("Failed to load resource", "Response Status Error Code")
"""What a browser logs of refused requests; the page tells the reader of them."""

T = TypeVar("T")


def _of_this_page(look: Callable[[], T | None]) -> T | None:
    """What is found, or nothing while the page is exchanged: of an element that is gone with its page
    Chromium says one time that it is stale, another time that its node is of another document."""
    try:
        return look()
    except WebDriverException as error:
        if "does not belong to the document" in (error.msg or ""):
            return None
        raise


class Part(WebElement):
    """A part of the page as a person sees it: still the same when the page has fetched it anew."""

    def __init__(self, found: WebElement, again: Callable[[], WebElement]) -> None:
        super().__init__(found.parent, found.id)
        self._again = again

    def _execute(self, command: str, params: dict[str, Any] | None = None) -> Any:
        try:
            return super()._execute(command, dict(params or {}))
        except StaleElementReferenceException:
            self._id = self._again().id
            return super()._execute(command, dict(params or {}))


@dataclass
class Person:
    """What a person does: look, wait, click, type."""

    browser: webdriver.Chrome
    site: Site

    def open(self, path: str) -> None:
        self.browser.get(self.site.url + path)

    def sign_in(self, password: str = ADMIN_PASSWORD) -> None:
        self.open("/login")
        self.browser.find_element(By.ID, "username").send_keys("admin")
        self.browser.find_element(By.ID, "password").send_keys(password, Keys.ENTER)

    def enter(self) -> None:
        """Be signed in, by the session of a visitor, and look at the first page."""
        cookie = self.site.visitor().client.get_cookie("stoa_session")
        assert cookie is not None
        session = {"url": self.site.url, "name": cookie.key, "value": cookie.value, "httpOnly": True}
        self.browser.execute_cdp_cmd("Network.setCookie", session)
        self.open("/")
        self.see("question")

    def see(self, testid: str, words: str = "") -> WebElement:
        """The element with this test id, and these words in it, as soon as it is shown."""

        def again() -> WebElement:
            return self.wait(lambda: self.find(testid, words), f"{testid} with {words!r}")

        return Part(again(), again)

    def find(self, testid: str, words: str = "") -> WebElement | None:
        for one in self.all(testid):
            if one.is_displayed() and words in one.text:
                return one
        return None

    def all(self, testid: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, f"[data-testid='{testid}']")

    def texts(self, testid: str) -> list[str]:
        """The words in each element with this test id, all of one moment."""
        return self.wait(lambda: [one.text for one in self.all(testid)], f"the texts of {testid}")

    def gone(self, testid: str) -> None:
        self.wait(lambda: not self.all(testid), f"{testid} to go")

    def click(self, testid: str, words: str = "") -> None:
        """Click it; a part that is fetched anew in that moment is clicked again."""

        def once() -> bool:
            element = self.find(testid, words)
            if element is None:
                return False
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.wait(once, f"{testid} to be clicked")

    def wait(self, look: Callable[[], T | None], what: str) -> T:
        ignored = [StaleElementReferenceException]
        waiting = WebDriverWait(self.browser, PATIENCE_S, poll_frequency=0.1, ignored_exceptions=ignored)
        return waiting.until(
            lambda _: _of_this_page(look) or False, f"waited for {what} at {self.browser.current_url}"
        )

    def ask(self, question: str) -> WebElement:
        """Ask and wait for the whole answer; returns its turn."""
        before = len(self.all("permalink"))
        self.see("question").send_keys(question, Keys.ENTER)
        self.wait(lambda: len(self.all("permalink")) > before, "the answer")
        return self.all("turn")[-1]

    def focused(self) -> WebElement:
        return self.browser.switch_to.active_element


@pytest.fixture
def person(browser: webdriver.Chrome, site: Site) -> Iterator[Person]:
    """Someone signed in at a wide window; scripts must not have complained at the end."""
    someone = Person(browser, site)
    someone.enter()
    yield someone
    complaints = [line for line in console_errors(browser) if not any(mark in line for mark in TOLD)]
    assert complaints == []
