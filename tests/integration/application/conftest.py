"""The yard that the tests of sources share, one for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.application import make_settings
from tests.support.embedders import watched
from tests.support.yard import Yard


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    root = tmp_path_factory.mktemp("yard")
    settings = make_settings(root / "data", folder_roots=(root / "sources",))
    (root / "sources").mkdir()
    with watched(settings) as (application, embedder):
        yard = Yard(application)
        yard.embedder, yard.root = embedder, root
        yield yard
