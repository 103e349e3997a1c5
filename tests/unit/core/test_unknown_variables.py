"""A variable that is misspelt does not go unnoticed."""

from __future__ import annotations

from src.core.settings import Settings, unknown_variables


def test_a_misspelt_variable_is_told_with_the_one_that_may_be_meant() -> None:
    given = {"STOA_DATADIR": "/srv", "STOA_ZZZZ": "1", "STOA_PORT": "80", "HOME": "/root"}
    assert unknown_variables(given) == ["STOA_DATADIR (perhaps STOA_DATA_DIR)", "STOA_ZZZZ"]


def test_no_variable_that_stoa_reads_is_unknown() -> None:
    read = [*Settings.variables().values(), "STOA_CONFIG", "STOA_URL", "STOA_TOKEN"]
    assert unknown_variables(dict.fromkeys(read, "")) == []
