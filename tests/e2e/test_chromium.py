"""The browser that the page tests stand on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.chromium import console_errors, page_overflows

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><meta name=viewport content="width=device-width"><title>A page</title>
<button onclick="document.title = innerWidth">click</button><img src=/missing.png alt="">
<div style="width: 800px">wide</div>"""


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", "seen=yes")
        self.end_headers()
        self.wfile.write(PAGE if self.path == "/" else b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_wide_page_runs_its_scripts(browser: webdriver.Chrome, site: str) -> None:
    browser.get(site)
    browser.find_element(By.TAG_NAME, "button").click()
    assert browser.title == "1280"
    assert not page_overflows(browser)


def test_a_narrow_page_is_as_narrow_as_a_phone(narrow_browser: webdriver.Chrome, site: str) -> None:
    narrow_browser.get(site)
    assert narrow_browser.execute_script("return screen.width") == 390
    assert page_overflows(narrow_browser)


def test_a_failed_load_is_seen(browser: webdriver.Chrome, site: str) -> None:
    browser.get(site)
    assert any("missing.png" in message for message in console_errors(browser))


def test_a_test_begins_without_the_cookies_of_the_one_before(browser: webdriver.Chrome, site: str) -> None:
    assert browser.get_cookies() == []
    browser.get(site)
    assert [cookie["name"] for cookie in browser.get_cookies()] == ["seen"]
    assert console_errors(browser)


def test_nothing_beyond_this_machine_is_reached(browser: webdriver.Chrome) -> None:
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        browser.get("http://example.invalid/")
