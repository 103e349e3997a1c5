"""What a writer that was killed leaves in an embedded lexical index."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from src.core.errors import UnreachableError
from src.core.ports import LexicalEntry
from src.services.lexical.embedded import EmbeddedLexicalIndex
from src.services.text.analyser import Analyser


def test_a_list_of_deletions_that_was_never_committed_keeps_no_later_writer_away(tmp_path: Path) -> None:
    index = EmbeddedLexicalIndex(tmp_path / "one", Analyser())
    index.create("set")
    index.upsert("set", [LexicalEntry(name, name, f"about the {name}") for name in ("bee", "ant", "elk")])
    index.close()
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    other = EmbeddedLexicalIndex(tmp_path / "other", Analyser())
    other.delete("set", ["bee"])
    other.close()
    (left,) = (tmp_path / "other").rglob("*.del")
    # The same deletion, killed after its list was written and before its commit.
    (tmp_path / "one" / left.relative_to(tmp_path / "other")).write_bytes(b"half")

    again = EmbeddedLexicalIndex(tmp_path / "one", Analyser())
    with pytest.raises(UnreachableError, match="could not be written"):
        again.delete("set", ["bee"])
    again.delete("set", ["bee"])
    assert again.ids("set") == {"ant", "elk"}
    again.close()
