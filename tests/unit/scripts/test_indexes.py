from __future__ import annotations

from pathlib import Path

from scripts.indexes import pip_settings, uv_settings


def test_a_mirror_becomes_the_default_index() -> None:
    told = uv_settings("global.index-url='https://user:pass@mirror.invalid/simple'", {}).environment
    assert told["UV_DEFAULT_INDEX"] == "https://user:pass@mirror.invalid/simple"
    assert "UV_INDEX" not in told


def test_several_extra_indexes_are_all_asked() -> None:
    listing = "global.extra-index-url='https://a.invalid/simple\\nfile:///b'\nglobal.find-links='/c /d'"
    told = uv_settings(listing, {}).environment
    assert told["UV_INDEX"] == "https://a.invalid/simple file:///b"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert told["UV_FIND_LINKS"] == "/c,/d"


def test_the_environment_wins_over_the_install_section_and_that_over_the_global_one() -> None:
    listing = (
        ":env:.timeout='3'\nglobal.timeout='1'\ninstall.timeout='2'\nglobal.cert='/one'\ninstall.cert='/two'"
    )
    assert pip_settings(listing) == {"timeout": "3", "cert": "/two"}


def test_settings_of_other_commands_are_not_ours() -> None:
    assert pip_settings("download.index-url='https://other.invalid'\nnonsense") == {}


def test_what_uv_was_told_already_stands() -> None:
    listing = "global.index-url='https://a.invalid'\nglobal.cert='/ours.pem'"
    told = uv_settings(listing, {"UV_DEFAULT_INDEX": "https://b.invalid", "SSL_CERT_FILE": "/theirs.pem"})
    assert not {"UV_DEFAULT_INDEX", "SSL_CERT_FILE", "UV_SYSTEM_CERTS"} & told.environment.keys()


def test_a_folder_of_wheels_can_stand_for_the_index() -> None:
    told = uv_settings("global.no-index='true'\nglobal.find-links='/wheels'", {})
    assert told.arguments == ("--no-index",)
    assert uv_settings("global.no-index='false'", {}).arguments == ()


def test_without_a_home_nothing_is_cached(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert uv_settings("", {"XDG_CACHE_HOME": str(file / "cache")}).environment["UV_NO_CACHE"] == "true"
    assert "UV_NO_CACHE" not in uv_settings("", {"XDG_CACHE_HOME": str(tmp_path / "new")}).environment


def test_no_interpreter_is_fetched() -> None:
    assert uv_settings("", {}).environment["UV_PYTHON_DOWNLOADS"] == "never"
