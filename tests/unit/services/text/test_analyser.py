"""The analyser: which words a text is made of."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.services.text.analyser import Analyser


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("getUserName", ["get", "user", "name", "getusernam"]),
        ("get_user_name", ["get", "user", "name", "getusernam"]),
        ("user_name username", ["user", "name", "usernam", "usernam"]),
        ("HTTPServer2", ["http", "server", "2", "httpserver2"]),
        ("__init__", ["init"]),
        ("MAX_LINE_LENGTH", ["max", "line", "length", "maxlinelength"]),
        ("os.path.join(x)", ["os", "path", "join", "x"]),
        ("python3.11", ["python", "3", "python3", "11"]),
        ("C++, C# and c", ["c", "c++", "c", "c#", "c"]),
        ("IL-6 H1N1", ["il", "6", "h", "1", "n", "1", "h1n1"]),
        ("___ --- $$$", []),
    ],
)
def test_identifiers_give_their_parts_and_themselves(analyser: Analyser, text: str, words: list[str]) -> None:
    assert analyser.analyse(text).content == words


@pytest.mark.parametrize(
    "blob", ["9f86d081884c7d65", "a3f5" * 20, "QmFzZTY0IGlzIG5vdCBhIHdvcmQgYXQgYWxs" * 4]
)
def test_hashes_and_blobs_stay_whole_and_short(analyser: Analyser, blob: str) -> None:
    assert [len(word) <= 64 for word in analyser.analyse(blob).content] == [True]
    assert analyser.analyse(blob) == analyser.analyse(f"({blob})")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Running runs RUN", ["run", "run", "run"]),
        ("the users' files", ["user", "file"]),
        ("it's John's; we've said they'll", ["john", "we", "said"]),
        ("Café naïve ﬁnd Straße Łódź", ["cafe", "naiv", "find", "strass", "lodz"]),
        ("cafe\u0301 İstanbul so\u00adber", ["cafe", "istanbul", "sober"]),
        ("Ελληνικά ΛΌΓΟΣ", ["ελληνικα", "λογοσ"]),
        ("Привет", ["привет"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ＦＵＬＬ １２", ["full", "12"]),
        ("3.14 2024-01-05", ["3", "14", "2024", "01", "05"]),
    ],
)
def test_words_are_folded_and_stemmed(analyser: Analyser, text: str, words: list[str]) -> None:
    assert analyser.analyse(text).content == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("東京都庁", ["東京", "京都", "都庁", "東", "京", "都", "庁"]),
        ("犬", ["犬"]),
        ("Pythonを学ぶ", ["python", "を学", "学ぶ", "学"]),
        ("ﾃｽﾄ", ["テス", "スト"]),
        ("안녕하세요", ["안녕", "녕하", "하세", "세요"]),
        ("สวัสดี", ["สว", "วั", "ัส", "สด", "ดี"]),
    ],
)
def test_unspaced_scripts_give_pairs_of_characters(analyser: Analyser, text: str, words: list[str]) -> None:
    assert analyser.analyse(text).content == words


def test_stop_words_are_set_apart_but_kept(analyser: Analyser) -> None:
    analysis = analyser.analyse("What is not in the is_open file, and why?")
    assert analysis.content == ["not", "open", "isopen", "file"]
    assert analysis.common == ["what", "is", "in", "the", "is", "and", "why"]


def test_every_word_survives_a_second_pass_of_the_engine(analyser: Analyser, shared_data: Path) -> None:
    """The lexical engines join the words by spaces and cut them there again."""
    for text in json.loads((shared_data / "bad_input" / "blns.json").read_text()):
        analysis = analyser.analyse(text)
        for words in (analysis.content, analysis.common):
            assert " ".join(words).split() == words
            assert all(0 < len(word) <= 64 for word in words)


def test_two_million_bytes_take_less_than_a_second(analyser: Analyser) -> None:
    text = "\n".join(
        f"def read_line_{n % 977}(self, fileName): return self.buffer[{n}]  # reads one more line"
        for n in range(24_000)
    )
    started = time.process_time()
    analyser.analyse(text)
    assert len(text) / (time.process_time() - started) > 2_000_000


def test_threads_share_one_analyser(analyser: Analyser) -> None:
    texts = [f"reading{chr(97 + n % 26)}ing of filesNumber{n} quickly" for n in range(2000)]
    alone = [Analyser(cached_words=16).analyse(text) for text in texts[:50]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(Analyser(cached_words=16).analyse, texts))
    assert together[:50] == alone
    assert together == [analyser.analyse(text) for text in texts]
