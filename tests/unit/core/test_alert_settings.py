"""The addresses that are told of alerts, as they are set."""

from __future__ import annotations

import pytest

from src.core.errors import ConfigurationError
from src.core.settings import load_settings


def test_addresses_are_separated_by_white_space_and_shown_nowhere() -> None:
    addresses = "https://chat.example.org/T0KEN  http://127.0.0.1:9000/x?key=a,b\nhttps://ada:pass@c.example"
    settings = load_settings(None, {"STOA_CONFIG": "", "STOA_ALERT_WEBHOOKS": addresses})
    assert [one.get_secret_value() for one in settings.alert_webhooks] == addresses.split()
    assert "T0KEN" not in repr(settings)
    assert "T0KEN" not in str(settings.model_dump())


@pytest.mark.parametrize(
    "address",
    [
        "T0KEN",
        "ftp://T0KEN.example",
        "https:///T0KEN",
        "http://[T0KEN",
        "http://T0KEN:99999999/",
        "file:///T0KEN",
    ],
)
def test_what_is_no_web_address_is_refused_without_repeating_it(address: str) -> None:
    environment = {"STOA_CONFIG": "", "STOA_ALERT_WEBHOOKS": f"https://fine.example {address}"}
    with pytest.raises(ConfigurationError, match=r"STOA_ALERT_WEBHOOKS.*address 2") as raised:
        load_settings(None, environment)
    assert "T0KEN" not in str(raised.value)
