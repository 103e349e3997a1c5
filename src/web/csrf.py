"""Protection of the pages' forms against requests forged by other sites."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect


def install(app: Flask, *, exempt: tuple[Blueprint, ...]) -> None:
    """Demand a token (field ``csrf_token`` or header ``X-CSRFToken``) with every unsafe request.

    ``exempt`` are blueprints that take no cookies, only bearer tokens: no other site can use them.
    """
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form stays good for as long as its session
    protection = CSRFProtect(app)
    for blueprint in exempt:
        protection.exempt(blueprint)
