"""Addresses of static files that change with their content, so that browsers may keep them for good."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from flask import Flask, url_for

_DIGITS = 12


class Assets:
    """Knows the static files of the application and of its pages."""

    def __init__(self, app: Flask) -> None:
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)
        self._folders = {name: page.static_folder for name, page in app.blueprints.items()}
        self._folders[""] = app.static_folder
        self._versions: dict[tuple[str, str], str] = {}

    def address(self, name: str, page: str = "") -> str:
        """The URL of a file in the static folder of ``page``, or of the application."""
        key = (page, name)
        if key not in self._versions:
            folder = self._folders[page]
            assert folder is not None, f"the page {page} has no static folder"
            self._versions[key] = sha256(Path(folder, name).read_bytes()).hexdigest()[:_DIGITS]
        endpoint = f"{page}.static" if page else "static"
        return url_for(endpoint, filename=name, v=self._versions[key])
