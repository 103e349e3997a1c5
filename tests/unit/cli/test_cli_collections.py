"""Names of collections, which need not be unique."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.cli.client import Client
from src.cli.collections import ids_of
from src.cli.connection import administrator_id
from src.cli.service import Service
from src.cli.tokens import local_token
from src.core.errors import NotFoundError
from tests.support.application import make_settings, running


def test_a_name_stands_for_every_collection_that_bears_it(tmp_path: Path) -> None:
    with running(make_settings(tmp_path), worker=False) as app:
        service = Service(app, host="127.0.0.1", port=0)
        service.start()
        try:
            client = Client(service.url, local_token(app.settings.data_dir, administrator_id(app)))
            first, second, other = (
                client.post("/collections", {"name": name})["id"] for name in ("Twin", "Twin", "Other")
            )
            assert set(ids_of(client, ["Twin"]) or ()) == {first, second}
            assert ids_of(client, ["Other"]) == [other]
            with pytest.raises(NotFoundError):
                ids_of(client, ["Twin", "Nobody"])
        finally:
            service.stop()
