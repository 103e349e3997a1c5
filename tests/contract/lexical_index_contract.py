"""What every LexicalIndex must do; each adapter's module inherits the cases."""

from __future__ import annotations

import json
import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from src.core.errors import IndexMissingError
from src.core.ports import LexicalEntry, LexicalIndex
from src.services.text.analyser import Analyser

PASSAGES = (
    LexicalEntry("camel", "accounts.js", "function getUserName(id) { return users[id].name }"),
    LexicalEntry("snake", "accounts.py", "def get_user_name(id): return users[id].name"),
    LexicalEntry("prose", "Guide", "The name of a user is shown beside every answer."),
    LexicalEntry("server", "net.py", "class HTTPServer2: the second server, with sockets"),
    LexicalEntry("tokyo", "旅行", "東京都庁は新宿にあります"),
    LexicalEntry("cafe", "Reise", "Das Café an der Straße ist naïve Kunst."),
    LexicalEntry("words", "", "to be or not to be: that is the question"),
)


def generated(count: int) -> list[LexicalEntry]:
    """Passages of few words, in which ``word<n>`` is the rarer the higher n is."""
    entries = []
    for number in range(count):
        words = [f"word{chr(97 + n)}" for n in range(1, 12) if number % n == 0]
        entries.append(LexicalEntry(f"passage-{number:05d}", f"title {number % 7}", " ".join(words)))
    return entries


class LexicalIndexContract:
    """Needs the class fixture ``lexical``, in which no test of the class minds the others."""

    @pytest.fixture
    def index(self) -> str:
        return uuid4().hex

    @pytest.fixture(scope="class")
    @classmethod
    def few(cls, lexical: LexicalIndex) -> str:
        lexical.create("few")
        lexical.upsert("few", PASSAGES)
        return "few"

    @pytest.fixture(scope="class")
    @classmethod
    def many(cls, lexical: LexicalIndex) -> str:
        lexical.create("many")
        lexical.upsert("many", generated(3000))
        return "many"

    @pytest.mark.parametrize(
        "query", ["user name", "getUserName", "get_user_name", "GET USER NAMES", "userName"]
    )
    def test_identifiers_and_plain_words_meet(self, lexical: LexicalIndex, few: str, query: str) -> None:
        found = [hit.passage_id for hit in lexical.search(few, query, 3)]
        assert set(found) == {"camel", "snake", "prose"}

    @pytest.mark.parametrize(
        ("query", "passage"),
        [
            ("http servers", "server"),
            ("2", "server"),
            ("Socket", "server"),
            ("東京", "tokyo"),
            ("新宿 庁", "tokyo"),
            ("cafe strasse", "cafe"),
            ("CAFÉ", "cafe"),
            ("旅", "tokyo"),
            ("guide", "prose"),
        ],
    )
    def test_a_word_of_title_or_text_finds_its_passage(
        self, lexical: LexicalIndex, few: str, query: str, passage: str
    ) -> None:
        assert lexical.search(few, query, 1)[0].passage_id == passage

    def test_a_query_of_stop_words_alone_is_looked_up_by_them(self, lexical: LexicalIndex, few: str) -> None:
        assert lexical.search(few, "to be or to be", 1)[0].passage_id == "words"

    @pytest.mark.parametrize("query", ["", "  \n", "???", "zyzzyva", "_", "\x00", "🦜"])
    def test_a_query_without_a_known_word_finds_nothing(
        self, lexical: LexicalIndex, few: str, query: str
    ) -> None:
        assert lexical.search(few, query, 5) == []

    @pytest.mark.parametrize(
        "query",
        [
            'user AND -name"',
            "title:user",
            "user* OR (name",
            "a:user:c\\",
            "user ~2 ^9 [x TO y]",
            "'; drop -- user",
        ],
    )
    def test_what_looks_like_query_syntax_is_plain_text(
        self, lexical: LexicalIndex, few: str, query: str
    ) -> None:
        assert "camel" in {hit.passage_id for hit in lexical.search(few, query, 7)}

    def test_the_score_is_bm25_over_content_words(self, lexical: LexicalIndex, many: str) -> None:
        analyser, query = Analyser(), "wordc wordk title wordk"
        texts = {e.passage_id: analyser.analyse(f"{e.title}\n{e.text}").content for e in generated(3000)}
        average = sum(map(len, texts.values())) / len(texts)
        expected = dict.fromkeys(texts, 0.0)
        for word in analyser.analyse(query).content:
            holders = {passage: Counter(words)[word] for passage, words in texts.items() if word in words}
            idf = math.log(1 + (len(texts) - len(holders) + 0.5) / (len(holders) + 0.5))
            for passage, count in holders.items():
                length = 1.2 * (0.25 + 0.75 * len(texts[passage]) / average)
                expected[passage] += idf * count * 2.2 / (count + length)
        hits = lexical.search(many, query, 200)
        best = sorted(expected.values(), reverse=True)[:200]
        assert [hit.score for hit in hits] == pytest.approx(best, rel=1e-4)
        assert [hit.score for hit in hits] == pytest.approx([expected[h.passage_id] for h in hits], rel=1e-4)

    @pytest.mark.parametrize("members", [1, 30, 400, 2900])
    @pytest.mark.parametrize("query", ["wordb wordk", "wordk wordj"])
    def test_a_search_among_some_ids_keeps_scores_and_leaves_out_the_rest(
        self, lexical: LexicalIndex, many: str, members: int, query: str
    ) -> None:
        among = {f"passage-{(number * 7) % 3000:05d}" for number in range(members)}
        everywhere = lexical.search(many, query, 3000)
        expected = [hit for hit in everywhere if hit.passage_id in among]
        for k in (5, 500):
            hits = lexical.search(many, query, k, [*among, "stranger"])
            assert {hit.passage_id for hit in hits} <= among
            assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected[:k]], rel=1e-5)
        assert {(h.passage_id, h.score) for h in hits} <= {(h.passage_id, h.score) for h in everywhere}

    def test_among_nothing_finds_nothing(self, lexical: LexicalIndex, few: str) -> None:
        assert lexical.search(few, "user", 5, set()) == []
        assert lexical.search(few, "user", 0) == []

    def test_every_id_is_listed(self, lexical: LexicalIndex, many: str, index: str) -> None:
        assert lexical.ids(many) == {entry.passage_id for entry in generated(3000)}
        lexical.create(index)
        assert lexical.ids(index) == set()
        assert lexical.search(index, "user", 5) == []

    def test_an_upsert_replaces_and_the_last_of_equal_ids_counts(
        self, lexical: LexicalIndex, index: str
    ) -> None:
        lexical.create(index)
        lexical.upsert(index, [LexicalEntry("a", "", "zebra"), LexicalEntry("b", "", "lion")])
        lexical.upsert(index, [LexicalEntry("a", "", "giraffe"), LexicalEntry("a", "", "okapi")])
        assert lexical.ids(index) == {"a", "b"}
        assert lexical.search(index, "zebra giraffe", 5) == []
        assert [hit.passage_id for hit in lexical.search(index, "okapi", 5)] == ["a"]

    def test_the_deleted_are_gone_and_deleting_again_is_no_error(
        self, lexical: LexicalIndex, index: str
    ) -> None:
        lexical.create(index)
        lexical.upsert(index, PASSAGES)
        for _ in range(2):
            lexical.delete(index, ["camel", "snake", "stranger"])
        assert lexical.ids(index) == {"prose", "server", "tokyo", "cafe", "words"}
        assert {hit.passage_id for hit in lexical.search(index, "user name", 5)} == {"prose"}
        lexical.upsert(index, PASSAGES[:1])
        assert {hit.passage_id for hit in lexical.search(index, "user name", 5)} == {"prose", "camel"}

    def test_a_passage_without_a_word_is_kept_and_an_endless_word_does_no_harm(
        self, lexical: LexicalIndex, index: str
    ) -> None:
        lexical.create(index)
        lexical.upsert(
            index, [LexicalEntry("empty", "", "…"), LexicalEntry("long", "", "x" * 200_000 + " zebra")]
        )
        assert lexical.ids(index) == {"empty", "long"}
        assert lexical.search(index, "zebra", 5)[0].passage_id == "long"
        assert lexical.search(index, "x" * 100_000, 5)[0].passage_id == "long"

    def test_hostile_text_goes_in_and_out(self, lexical: LexicalIndex, index: str, shared_data: Path) -> None:
        strings: list[str] = json.loads((shared_data / "bad_input" / "blns.json").read_text())
        lexical.create(index)
        lexical.upsert(index, [LexicalEntry(f"n{i}", text, text) for i, text in enumerate(strings)])
        assert lexical.ids(index) == {f"n{i}" for i in range(len(strings))}
        analyser, found = Analyser(), 0
        for number, text in enumerate(strings):
            hits = lexical.search(index, text, len(strings))
            if analyser.analyse(text).content:
                assert f"n{number}" in {hit.passage_id for hit in hits}
                found += 1
        assert found > 300

    def test_a_very_long_query_is_answered(self, lexical: LexicalIndex, many: str) -> None:
        query = "wordk " + " ".join(f"unknown{number}" for number in range(20_000))
        assert len(lexical.search(many, query, 5)) == 5

    def test_creating_twice_keeps_what_is_there(self, lexical: LexicalIndex, index: str) -> None:
        lexical.create(index)
        lexical.upsert(index, PASSAGES)
        lexical.create(index)
        assert len(lexical.ids(index)) == len(PASSAGES)

    def test_an_index_that_is_missing_is_named_as_such(self, lexical: LexicalIndex, index: str) -> None:
        for use in (
            lambda: lexical.search(index, "user", 1),
            lambda: lexical.search(index, "user", 1, {"a"}),
            lambda: lexical.ids(index),
            lambda: lexical.upsert(index, PASSAGES),
            lambda: lexical.delete(index, ["a"]),
        ):
            with pytest.raises(IndexMissingError, match=index):
                use()

    def test_a_dropped_index_is_gone_and_can_be_made_anew(self, lexical: LexicalIndex, index: str) -> None:
        lexical.create(index)
        lexical.upsert(index, PASSAGES)
        assert index in lexical.indexes()
        lexical.drop(index)
        lexical.drop(index)
        assert index not in lexical.indexes()
        with pytest.raises(IndexMissingError):
            lexical.search(index, "user", 1)
        lexical.create(index)
        assert lexical.ids(index) == set()
        lexical.upsert(index, PASSAGES[:2])
        assert {hit.passage_id for hit in lexical.search(index, "user", 9)} == {"camel", "snake"}

    def test_two_indexes_do_not_see_each_other(self, lexical: LexicalIndex, index: str, few: str) -> None:
        lexical.create(index)
        lexical.upsert(index, [LexicalEntry("camel", "", "another user")])
        assert len(lexical.search(index, "user", 9)) == 1
        lexical.delete(index, ["camel"])
        assert "camel" in lexical.ids(few)

    def test_threads_search_while_others_write(self, lexical: LexicalIndex, index: str) -> None:
        lexical.create(index)
        lexical.upsert(index, PASSAGES)

        def write(part: int) -> None:
            for step in range(8):
                entries = [
                    LexicalEntry(f"w-{part}-{step}-{number}", "", f"zebra stripe{chr(97 + number)}")
                    for number in range(20)
                ]
                lexical.upsert(index, entries)
                assert lexical.ids(index) >= {entry.passage_id for entry in entries}

        def read(_: int) -> int:
            return sum(len(lexical.search(index, "user name", 10)) for _ in range(50))

        with ThreadPoolExecutor(6) as pool:
            writers = [pool.submit(write, part) for part in range(2)]
            readers = [pool.submit(read, part) for part in range(4)]
            assert [reader.result() for reader in readers] == [150] * 4
            for writer in writers:
                writer.result()
        assert len(lexical.search(index, "zebra", 500)) == 320
        assert len(lexical.search(index, "stripeh", 500)) == 320 // 20

    def test_the_version_names_the_analysis(self, lexical: LexicalIndex) -> None:
        assert lexical.version.endswith(f"/{Analyser.version}")
