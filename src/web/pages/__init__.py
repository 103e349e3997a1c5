"""The pages: one folder each, holding its views, templates and static files."""

from __future__ import annotations

from flask import Blueprint, Flask


def blueprints() -> tuple[Blueprint, ...]:
    """Every page's blueprint; a new page is a folder and a line here."""
    return ()


def register(app: Flask) -> None:
    """Put all pages on the application."""
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
