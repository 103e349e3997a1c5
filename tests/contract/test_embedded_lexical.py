"""EmbeddedLexicalIndex in a folder of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.errors import IndexMissingError
from src.core.ports import LexicalEntry, LexicalIndex
from src.services.lexical.embedded import EmbeddedLexicalIndex
from src.services.text.analyser import Analyser

from .lexical_index_contract import PASSAGES, LexicalIndexContract

_OTHER_PROCESS = """
import sys
from pathlib import Path
from src.core.ports import LexicalEntry
from src.services.lexical.embedded import EmbeddedLexicalIndex
from src.services.text.analyser import Analyser

lexical = EmbeddedLexicalIndex(Path(sys.argv[1]), Analyser())
lexical.create("index")
for start in range(0, int(sys.argv[2]), 50):
    entries = [LexicalEntry(f"{n}", "", f"zebra number{n} " * 20) for n in range(start, start + 50)]
    lexical.upsert("index", entries)
    print(start + 50, flush=True)
"""


def _start(folder: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _OTHER_PROCESS, str(folder), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class TestEmbeddedLexicalIndex(LexicalIndexContract):
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("lexical")

    @pytest.fixture(scope="class")
    @classmethod
    def lexical(cls, folder: Path) -> Iterator[LexicalIndex]:
        embedded = EmbeddedLexicalIndex(folder, Analyser())
        yield embedded
        embedded.close()

    def test_what_was_written_is_there_after_reopening(self, tmp_path: Path) -> None:
        for _ in range(2):
            lexical = EmbeddedLexicalIndex(tmp_path, Analyser())
            lexical.create("index")
            lexical.upsert("index", PASSAGES)
            lexical.close()
        again = EmbeddedLexicalIndex(tmp_path, Analyser())
        assert again.indexes() == {"index"}
        assert len(again.ids("index")) == len(PASSAGES)

    def test_a_process_killed_while_it_writes_leaves_a_usable_index(self, tmp_path: Path) -> None:
        for enough in (50, 600):
            writer = _start(tmp_path, 100_000)
            assert writer.stdout is not None
            with writer.stdout as lines:
                while (acknowledged := int(lines.readline())) < enough:
                    pass
                writer.send_signal(signal.SIGKILL)
                acknowledged = max([acknowledged, *map(int, lines.read().split())])
            writer.wait()
            lexical = EmbeddedLexicalIndex(tmp_path, Analyser())
            assert lexical.ids("index") >= {str(number) for number in range(acknowledged)}
            lexical.upsert("index", [LexicalEntry("0", "", "okapi")])
            assert [hit.passage_id for hit in lexical.search("index", "okapi", 2)] == ["0"]
            assert lexical.search("index", f"number{acknowledged - 1}", 9)[0].passage_id == str(
                acknowledged - 1
            )
            lexical.drop("index")

    def test_another_processs_commits_are_seen_and_its_writes_wait_their_turn(self, tmp_path: Path) -> None:
        lexical = EmbeddedLexicalIndex(tmp_path, Analyser())
        lexical.create("index")
        other = _start(tmp_path, 500)
        for number in range(10):
            lexical.upsert("index", [LexicalEntry(f"own-{number}", "", "lion")])
        assert other.stdout is not None
        with other.stdout as lines:
            assert len(lines.read().split()) == 10
        assert other.wait() == 0
        assert len(lexical.search("index", "zebra", 2000)) == 500
        assert len(lexical.search("index", "lion", 2000)) == 10

    @pytest.mark.parametrize("damage", ["{tru", ""])
    def test_a_damaged_index_is_missing_until_it_is_dropped_and_rebuilt(
        self, tmp_path: Path, damage: str
    ) -> None:
        lexical = EmbeddedLexicalIndex(tmp_path, Analyser())
        lexical.create("index")
        lexical.upsert("index", PASSAGES)
        lexical.close()
        (tmp_path / "index" / "meta.json").write_text(damage)
        with pytest.raises(IndexMissingError, match="reindex"):
            lexical.search("index", "user", 1)
        lexical.drop("index")
        lexical.create("index")
        lexical.upsert("index", PASSAGES)
        assert len(lexical.ids("index")) == len(PASSAGES)

    def test_an_index_that_another_owner_made_anew_is_read_anew(self, tmp_path: Path) -> None:
        one, two = (EmbeddedLexicalIndex(tmp_path, Analyser()) for _ in range(2))
        one.create("index")
        one.upsert("index", PASSAGES)
        assert len(two.ids("index")) == len(PASSAGES)
        one.drop("index")
        with pytest.raises(IndexMissingError):
            two.search("index", "user", 1)
        one.create("index")
        one.upsert("index", PASSAGES[:1])
        assert two.ids("index") == {"camel"}

    @pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", ".hidden", "x" * 200])
    def test_a_name_that_is_no_index_id_never_becomes_a_path(self, lexical: LexicalIndex, name: str) -> None:
        for use in (lexical.create, lexical.drop, lexical.ids):
            with pytest.raises(ValueError, match="not an index id"):
                use(name)
