"""Every setting is told where a person looks for it, and nothing else is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from src.core.settings import Settings, load_settings
from tests.support.source import ROOT, name_of

EXAMPLE = ROOT / "config.yaml.example"
COMPOSE = ROOT / "docker-compose.dev.yml"
DOCKERFILE = ROOT / "Dockerfile"
VARIABLES = Settings.variables()
READ_ELSEWHERE = {
    "STOA_CONFIG",  # the configuration file's own place
    "STOA_URL",  # of the MCP client
    "STOA_TOKEN",
}
TOLD_IN = [EXAMPLE, COMPOSE, DOCKERFILE, ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_setting_has_its_own_variable() -> None:
    assert VARIABLES.keys() == Settings.model_fields.keys()
    assert len(set(VARIABLES.values())) == len(VARIABLES)


@pytest.mark.parametrize(("setting", "variable"), VARIABLES.items())
def test_the_example_tells_each_setting_with_its_variable(setting: str, variable: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert re.search(rf"^#? ?{setting}:", text, re.MULTILINE), "a line that can be taken as it is"
    assert variable in text


def test_the_example_as_it_stands_changes_nothing() -> None:
    assert load_settings(EXAMPLE, {}) == load_settings(None, {"STOA_CONFIG": ""})


def test_the_example_with_every_line_taken_states_the_defaults(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    names = "|".join(VARIABLES)
    taken = re.sub(rf"^# ?(?=(?:{names}):)", "", text, flags=re.MULTILINE)
    everything = tmp_path / "config.yaml"
    everything.write_text(taken, encoding="utf-8")
    assert yaml.safe_load(taken).keys() == VARIABLES.keys()
    assert load_settings(everything, {}) == Settings()


@pytest.mark.parametrize("path", TOLD_IN, ids=name_of)
def test_no_text_tells_of_a_variable_that_does_not_exist(path: Path) -> None:
    told = set(re.findall(r"\bSTOA_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert told - set(VARIABLES.values()) - READ_ELSEWHERE == set()
