"""The REST API: its operations are one table, from which routes and the OpenAPI document are made."""

from __future__ import annotations

from flask import Blueprint

from .documentation import make_documentation
from .health import make_health
from .routes import make_routes


def make_api() -> tuple[Blueprint, ...]:
    """The API's blueprints. None of them takes cookies."""
    return make_routes(), make_documentation(), make_health()
