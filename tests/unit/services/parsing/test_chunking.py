"""One parser cuts in several ways: passages of another size, and parts that repeat some of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from src.core.errors import UnavailableError
from src.core.passages import CONFIGURED, Chunking
from src.services.parsing.isolated import ChunkedParser, IsolatedParser
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import parser_version

TEXT = " ".join(f"Sentence number {n} tells of the matter that has this number." for n in range(120))
PAGE = f"# Matters\n\n{TEXT}\n".encode()


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    made = IsolatedParser(tokenizer=None, max_tokens=256, limits=ParsingLimits())
    yield made
    made.close()


def texts(parser: IsolatedParser | ChunkedParser) -> list[str]:
    return [draft.text for draft in parser.parse(PAGE, name="a.md", media_type=None).drafts]


def test_smaller_passages_hold_the_same_words_in_order(parser: IsolatedParser) -> None:
    large, small = texts(parser), texts(parser.cut_by("128-tokens"))
    assert len(small) > len(large) > 1
    assert " ".join(" ".join(small).split()) == " ".join(" ".join(large).split())


def test_a_part_begins_with_whole_sentences_of_the_part_before(parser: IsolatedParser) -> None:
    plain, again = texts(parser.cut_by("128-tokens")), texts(parser.cut_by("128-tokens-30-overlap"))
    assert len(again) > len(plain)
    for before, after in pairwise(again):
        first = after.split(". ")[0]
        assert first.startswith("Sentence number")
        assert first in before
    for before, after in pairwise(plain):
        assert after.split(". ")[0] not in before


@pytest.mark.parametrize("name", ["128-tokens-64-overlap", "96-tokens-48-overlap", "256-tokens-128-overlap"])
def test_each_part_brings_something_new_also_where_as_much_as_may_be_is_repeated(
    name: str, parser: IsolatedParser
) -> None:
    lines = [f"    step_{n} = told({n})" if n % 3 else f"def part_{n}():" for n in range(400)]
    chunked = parser.cut_by(name).parse("\n".join(lines).encode(), name="a.log", media_type=None)
    parts = [draft.text for draft in chunked.drafts]
    assert [(a, b) for a, b in pairwise(parts) if b in a or a in b] == []
    places = [draft.location for draft in chunked.drafts]
    assert all(a.end_line < b.end_line for a, b in pairwise(places) if a.end_line and b.end_line)
    assert sum(map(len, parts)) < 3 * len("\n".join(lines))


def test_many_files_are_cut_ahead_in_that_way(parser: IsolatedParser) -> None:
    cut = parser.cut_by("128-tokens")
    found = list(cut.parse_many([(PAGE, "a.md", None), (b"", "b.md", None)]))
    assert [draft.text for draft in found[0].drafts] == texts(cut)  # type: ignore[union-attr]
    assert isinstance(found[1], Exception)


def test_the_configured_cutting_is_the_parser_itself_and_keeps_its_version(parser: IsolatedParser) -> None:
    assert parser.cut_by(CONFIGURED) is parser
    assert parser.version == parser_version(None, 256)
    versions = {parser.cut_by(name).version for name in ("256-tokens", "128-tokens", "128-tokens-30-overlap")}
    assert len({*versions, parser.version}) == 4


@pytest.mark.parametrize(
    "name", ["64-tokens", "512-tokens", "128-tokens-100-overlap", "0128-tokens", "words"]
)
def test_what_cannot_be_cut_is_refused(parser: IsolatedParser, name: str) -> None:
    with pytest.raises(UnavailableError):
        parser.cut_by(name)


def test_a_name_says_its_settings() -> None:
    for chunking in (Chunking(128), Chunking(256, 64)):
        assert Chunking.of(chunking.name) == chunking
    assert Chunking.of(CONFIGURED) is None
