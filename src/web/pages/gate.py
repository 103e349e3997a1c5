"""Pages that only those who are signed in may see."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user


def signed_in_only(blueprint: Blueprint) -> None:
    """Send everyone else to the sign-in page; static files are open to all."""
    blueprint.before_request(_check)


def _check() -> ResponseReturnValue | None:
    if (request.endpoint or "").endswith(".static") or current_user.is_authenticated:
        return None
    refused: ResponseReturnValue = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
    return refused
