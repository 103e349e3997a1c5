"""The blueprint that all modules of this page put their views on."""

from __future__ import annotations

from flask import Blueprint

from src.web.pages.gate import signed_in_only

from .wording import decider

blueprint = Blueprint(
    "learning",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/learning",
)
blueprint.add_app_template_filter(decider, "decider")
signed_in_only(blueprint)
