"""What tests of verbs against a running application share; each module has a ``house`` of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.application import House
from tests.support.terminal import reachable


@pytest.fixture(scope="module")
def environment(house: House) -> Iterator[dict[str, str]]:
    with reachable(house) as made:
        yield made
