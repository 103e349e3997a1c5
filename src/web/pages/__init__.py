"""The pages: one folder each, holding its views, templates and static files."""

from __future__ import annotations

from flask import Blueprint, Flask

from src.web.assets import Assets
from src.web.display import FILTERS
from src.web.errors import use_error_page

from . import account, agents, ask, collections, documents, feedback, learning, login, search
from .outcomes import error_page


def blueprints() -> tuple[Blueprint, ...]:
    """Every page's blueprint; a new page is a folder and a line here."""
    return (
        login.blueprint,
        ask.blueprint,
        search.blueprint,
        feedback.blueprint,
        collections.blueprint,
        documents.blueprint,
        learning.blueprint,
        agents.blueprint,
        account.blueprint,
    )


def register(app: Flask) -> None:
    """Put all pages on the application, with what their templates use."""
    from src import __version__

    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    assets = Assets(app)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(asset=assets.address, version=__version__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    use_error_page(app, error_page)
