"""What every test may use, and what none may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.network import forbid_network

pytest_plugins = [
    "tests.support.postgres",
    "tests.support.databases",
    "tests.support.application",
    "tests.support.laboratory",
    "tests.support.site",
    "tests.support.watching",
    "tests.support.chroma",
    "tests.support.chromium",
]


def pytest_configure() -> None:
    forbid_network()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that lies beside the checkout and never in it; tests of it are skipped elsewhere."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the evaluation data is not at {folder}")
    return folder
