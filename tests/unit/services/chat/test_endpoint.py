from __future__ import annotations

import pytest

from src.core.errors import ConfigurationError
from src.services.chat.endpoint import Endpoint

OFFICIAL = "https://api.models.example"


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://models", "http://[bad", "http://", "models"])
def test_an_address_that_can_never_work_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        Endpoint.of(url, "k", default=OFFICIAL)


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Endpoint.of(None, key, default=OFFICIAL)
    assert key not in str(caught.value)


def test_the_providers_own_host_is_told_from_others() -> None:
    assert Endpoint.of(None, " k\n", default=OFFICIAL) == Endpoint(OFFICIAL, "api.models.example", True, "k")
    assert not Endpoint.of("http://127.0.0.1:8080", None, default=OFFICIAL).official


def test_the_key_is_not_in_the_text_form() -> None:
    assert "secret" not in repr(Endpoint.of(None, "secret", default=OFFICIAL))
