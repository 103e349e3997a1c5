"""Names of collections, which need not be unique."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.cli.client import Client
from src.cli.collections import find_or_make, id_of, ids_of
from src.cli.connection import administrator_id
from src.cli.service import Service
from src.cli.tokens import local_token
from src.core.errors import ConflictError, NotFoundError
from tests.support.application import make_settings, running


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(make_settings(tmp_path_factory.mktemp("names")), worker=False) as app:
        service = Service(app, host="127.0.0.1", port=0)
        service.start()
        try:
            yield Client(service.url, local_token(app.settings.data_dir, administrator_id(app)))
        finally:
            service.stop()


@pytest.fixture(scope="module")
def made(client: Client) -> tuple[str, str, str]:
    """Two collections named Twin, and one named Other."""
    first, second, other = (
        str(client.post("/collections", {"name": name})["id"]) for name in ("Twin", "Twin", "Other")
    )
    return first, second, other


def test_a_name_stands_for_every_collection_that_bears_it(client: Client, made: tuple[str, str, str]) -> None:
    first, second, other = made
    assert set(ids_of(client, ["Twin"]) or ()) == {first, second}
    assert ids_of(client, ["Other"]) == [other]
    with pytest.raises(NotFoundError):
        ids_of(client, ["Twin", "Nobody"])


def test_one_of_several_namesakes_is_told_by_its_id(client: Client, made: tuple[str, str, str]) -> None:
    first, second, other = made
    for find in (id_of, find_or_make):
        with pytest.raises(ConflictError) as refused:
            find(client, "Twin")
        assert first in refused.value.detail
        assert second in refused.value.detail
        assert (find(client, second), find(client, "Other")) == (second, other)
    with pytest.raises(NotFoundError):
        id_of(client, "Nobody")
    fresh = find_or_make(client, "Nobody")
    assert id_of(client, "Nobody") == fresh
