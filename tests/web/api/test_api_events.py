"""The event log over the REST API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from src.web import state
from src.web.app import create_app
from tests.support.application import ADMIN_PASSWORD, House, make_settings, running
from tests.web.api.test_api_contract import Script

OFTEN = 120
"""More events than a page of the list has."""


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    with running(make_settings(tmp_path_factory.mktemp("events") / "data")) as application:
        app = create_app(application)
        admin = Script(app.test_client()).signed_in("admin", ADMIN_PASSWORD)
        House(application).collection("First")
        for _ in range(OFTEN):
            admin.call("POST", "/agents/notifier:resume", 200)
        yield admin
        state.of(app).streams.close(0.1)


def positions(page: Any) -> list[int]:
    return [event["position"] for event in page["items"]]


def test_what_happened_long_ago_is_found_by_its_topic_and_its_correlation(admin: Script) -> None:
    (made,) = admin.call("GET", "/events?topic=collection.created.v1", 200)["items"]
    assert made["payload"]["name"] == "First"
    together = admin.call("GET", f"/events?correlation_id={made['correlation_id']}", 200)["items"]
    assert made in together


@pytest.mark.parametrize("narrowed", ["", "&topic=agent.*", "&topic=collection.created.v1"])
@pytest.mark.parametrize("way", ["", "&after=0", "&after=30"])
def test_the_log_is_read_whole_page_by_page(admin: Script, narrowed: str, way: str) -> None:
    after = int(way.partition("=")[2] or 0)
    newest = admin.call("GET", f"/events?limit=500{narrowed}", 200)
    assert newest["next"] is None
    assert newest["items"]
    path = f"/events?limit=40{narrowed}{way}"
    pages = [admin.call("GET", path, 200)]
    while pages[-1]["next"] is not None:
        pages.append(admin.call("GET", f"{path}&cursor={pages[-1]['next']}", 200))
    read = [position for page in pages for position in positions(page)]
    assert sorted(read) == [position for position in positions(newest) if position > after]
    assert all(positions(page) == sorted(positions(page)) for page in pages)


def test_the_newest_come_first_where_no_position_is_given(admin: Script) -> None:
    newest = positions(admin.call("GET", "/events?limit=3", 200))
    assert newest == positions(admin.call("GET", "/events?limit=500", 200))[-3:]


@pytest.mark.parametrize("cursor", ["--1", "x", "-", "9" * 30, "01a2"])
def test_a_cursor_that_no_list_gave_is_refused(admin: Script, cursor: str) -> None:
    admin.call("GET", f"/events?cursor={cursor}", 422)
