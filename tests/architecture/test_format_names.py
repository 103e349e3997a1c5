"""The page about searching names every format, and each reads its documents under that name."""

from __future__ import annotations

import re

import pytest

from src.services.parsing.formats import all_formats
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.pieces import Format, Original
from tests.support.source import ROOT

BINARY = {"docx", "pdf"}


def test_the_page_lists_every_format() -> None:
    page = (ROOT / "docs" / "users" / "searching.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(\w+)`", page.partition("The names of formats are ")[2])
    assert sorted(listed) == sorted(each.name for each in all_formats())


@pytest.mark.parametrize(
    "each", [f for f in all_formats() if f.name not in BINARY], ids=lambda f: str(f.name)
)
def test_a_document_has_the_name_of_the_format_that_reads_it(each: Format) -> None:
    content = b'{"cells": [{"cell_type": "raw", "source": "x"}]}' if each.name == "notebook" else b"x = 1\n"
    assert each.read(Original(content, "document"), ParsingLimits()).format == each.name
