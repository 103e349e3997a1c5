"""The HTTP edge over scripted agents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from src.web import state
from src.web.app import create_app
from tests.web.api.scripted import ScriptedApplication


@pytest.fixture
def scripted() -> ScriptedApplication:
    return ScriptedApplication()


@pytest.fixture
def app(scripted: ScriptedApplication) -> Iterator[Flask]:
    made = create_app(cast(Any, scripted))
    yield made
    state.of(made).streams.close(0.1)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
