"""A real, headless Chromium, driven by Selenium, in a wide and a narrow window."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from .programs import find_chromedriver, find_chromium, without

WIDE = (1280, 900)
NARROW = (390, 844)
_FLAGS = (
    "--headless",
    "--no-sandbox",  # a container's root has no user namespaces to build the sandbox from
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def chromium(program: Path, driver: Path, downloads: Path) -> Iterator[webdriver.Chrome]:
    """Start a browser that reaches nothing but this machine and keeps what it downloads."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(program)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    with tempfile.TemporaryDirectory(prefix="stoa-chromium-", ignore_cleanup_errors=True) as profile:
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        browser = webdriver.Chrome(options=options, service=Service(str(driver)))
        try:
            yield browser
        finally:
            browser.quit()


def resize(browser: webdriver.Chrome, size: tuple[int, int]) -> None:
    """Give the page itself ``size``: a window cannot be made as narrow as a phone."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == NARROW}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def console_errors(browser: webdriver.Chrome) -> list[str]:
    """What the page complained of since the last call: script errors, refused and failed loads."""
    entries: list[dict[str, Any]] = browser.get_log("browser")
    return [str(entry["message"]) for entry in entries if entry["level"] == "SEVERE"]


def page_overflows(browser: webdriver.Chrome) -> bool:
    """Whether the page must be scrolled sideways to be read."""
    widths = "const {scrollWidth, clientWidth} = document.documentElement; return [scrollWidth, clientWidth]"
    needed, given = browser.execute_script(widths)
    return bool(needed > given)


@pytest.fixture(scope="session")
def chromium_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    program, driver = find_chromium(), find_chromedriver()
    if program is None or driver is None:
        without("Chromium or its driver is not installed here (Debian: apt install chromium chromium-driver)")
    with chromium(program, driver, tmp_path_factory.mktemp("downloads")) as browser:
        yield browser


@pytest.fixture
def browser(chromium_session: webdriver.Chrome, request: pytest.FixtureRequest) -> Iterator[webdriver.Chrome]:
    """The browser, wide, with no memory of the test before; a picture of the page where the test fails."""
    _forget(chromium_session)
    resize(chromium_session, WIDE)
    yield chromium_session
    report = request.node.stash.get(FAILED, None)
    if report:
        pictures = request.config.rootpath / "build" / "screenshots"
        pictures.mkdir(parents=True, exist_ok=True)
        chromium_session.save_screenshot(str(pictures / f"{request.node.name[:80].replace('/', '_')}.png"))


@pytest.fixture
def narrow_browser(browser: webdriver.Chrome) -> webdriver.Chrome:
    """The same browser with a page as narrow as a phone's."""
    resize(browser, NARROW)
    return browser


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def _forget(browser: webdriver.Chrome) -> None:
    origin = json.loads(browser.execute_script("return JSON.stringify(location.origin)"))
    if str(origin).startswith("http"):
        everything = {"origin": origin, "storageTypes": "all"}
        browser.execute_cdp_cmd("Storage.clearDataForOrigin", everything)
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.get("about:blank")
    console_errors(browser)
