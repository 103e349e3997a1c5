"""Fixtures of the parsing tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def naughty_strings(shared_data: Path) -> list[str]:
    strings: list[str] = json.loads((shared_data / "bad_input" / "blns.json").read_text())
    return strings
