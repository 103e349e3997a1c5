"""The real application with its pages, some documents in it, and a real server on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.test import TestResponse

from src.core.messages.accounts import CreateUser
from src.web import state
from src.web.app import create_app
from src.web.server import WebServer
from tests.support.application import ADMIN_PASSWORD, House, make_settings, running

READER = ("maria", "a quiet morning")

BASKET = '''"""The shopping basket."""

from dataclasses import dataclass


@dataclass
class Item:
    """One line of the basket."""

    name: str
    price: int
    count: int = 1


def basket_total(items, voucher=None):
    """Add up the prices of all items in cents, less the voucher.

    A voucher never makes the total negative.
    """
    total = sum(item.price * item.count for item in items)
    if voucher is not None:
        total = max(0, total - voucher.worth)
    return total


def cheapest_item(items):
    """Return the item with the lowest price, or None for an empty basket."""
    return min(items, key=lambda item: item.price, default=None)
'''
GUIDE = """# Shipping guide

## How long a parcel takes

A parcel within the country takes two working days. Parcels to islands take five working days,
because the ferry sails twice a week.

## Returns

Returned goods are refunded within fourteen days after the parcel has arrived at the warehouse.
"""
BROKEN_PDF = b"%PDF-1.7\nthis is no PDF at all\n%%EOF\n"


@dataclass(frozen=True)
class Site:
    """A running site: its address, and its administrator's short way to ask."""

    app: Flask
    house: House
    url: str
    collection_id: str
    roots: Path

    def visitor(self, signed_in: bool = True, as_: tuple[str, str] = ("admin", ADMIN_PASSWORD)) -> Visitor:
        """A person whose browser runs no scripts."""
        visitor = Visitor(self.app.test_client())
        if signed_in:
            visitor.sign_in(*as_)
        return visitor


class Visitor:
    """Looks at pages and sends their forms, token and all."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self._token = ""

    def sign_in(self, username: str, password: str) -> TestResponse:
        self.page("/login")
        return self.send("/login", {"username": username, "password": password})

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers, buffered=True)  # static files are closed

    def page(self, path: str, status: int = 200) -> LexborHTMLParser:
        """The page at ``path``; its token is kept for the next form."""
        return self.read(self.client.get(path), status)

    def read(self, response: TestResponse, status: int = 200) -> LexborHTMLParser:
        assert response.status_code == status, response.text[:500]
        tree = LexborHTMLParser(response.text)
        token = tree.css_first('meta[name="csrf-token"]')
        if token is not None:
            self._token = str(token.attributes["content"])
        return tree

    def send(self, path: str, data: dict[str, Any], *, script: bool = False, **more: Any) -> TestResponse:
        """Send a form as it is, or the way a script of the page does."""
        headers = {"HX-Request": "true", "X-CSRFToken": self._token} if script else {}
        return self.client.post(path, data={"csrf_token": self._token, **data}, headers=headers, **more)


def marked(tree: LexborHTMLParser | LexborNode, testid: str) -> list[LexborNode]:
    """The elements that carry this test id."""
    return tree.css(f'[data-testid="{testid}"]')


def words(node: LexborHTMLParser | LexborNode | None) -> str:
    """The text of an element, its white space folded."""
    assert node is not None, "there is no such element"
    found = node.body if isinstance(node, LexborHTMLParser) else node
    return " ".join(found.text(separator=" ").split()) if found is not None else ""


@contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Site]:
    """A site in ``folder`` with one collection of code, prose and a broken file."""
    roots = folder / "roots"
    roots.mkdir()
    with running(make_settings(folder / "data", folder_roots=(roots,), **settings)) as application:
        house = House(application)
        collection = house.collection("Shop")
        house.upload(
            collection,
            {"shop/basket.py": BASKET, "docs/shipping.md": GUIDE, "docs/report.pdf": BROKEN_PDF},
        )
        house.ask(CreateUser(username=READER[0], password=SecretStr(READER[1]), roles=("reader",)))
        app = create_app(application)
        server = WebServer(app, host="127.0.0.1", port=0, threads=12, max_body_bytes=2**26)
        thread = threading.Thread(target=server.serve, kwargs={"grace_s": 1.0}, name="site")
        thread.start()
        try:
            yield Site(app, house, server.url, collection, roots)
        finally:
            state.of(app).streams.close(1.0)
            server.stop()
            thread.join(10)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that the tests of the pages share; its answers are extracts."""
    with serving(tmp_path_factory.mktemp("site")) as made:
        yield made
