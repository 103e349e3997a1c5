"""Where a file of a repository can be seen in a browser."""

from __future__ import annotations

import pytest

from src.agents.ingestion.renames import web_address
from src.database.models import SourceRecord

GITHUB = "https://github.com/team/tools.git"


@pytest.mark.parametrize(
    ("location", "path", "address"),
    [
        (GITHUB, "src/a.py", "https://github.com/team/tools/blob/c0ffee/src/a.py"),
        ("https://gitlab.com/team/tools", "a.py", "https://gitlab.com/team/tools/-/blob/c0ffee/a.py"),
        (
            GITHUB,
            "docs/C# or F#?.md",
            "https://github.com/team/tools/blob/c0ffee/docs/C%23%20or%20F%23%3F.md",
        ),
        (GITHUB, "100%/naïve.md", "https://github.com/team/tools/blob/c0ffee/100%25/na%C3%AFve.md"),
        (GITHUB, "caf\ufffd~1f3a09bc.py", None),
        ("/srv/tools", "a.py", None),
        ("ssh://git@github.com/team/tools", "a.py", None),
    ],
)
def test_every_character_of_a_path_is_part_of_its_address(
    location: str, path: str, address: str | None
) -> None:
    source = SourceRecord(kind="git", location=location)
    assert web_address(source, "c0ffee", path) == address
