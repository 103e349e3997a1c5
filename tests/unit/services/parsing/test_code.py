"""Other languages by their structure."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.core.passages import ParsedDocument
from src.services.parsing.formats import all_formats
from src.services.parsing.formats.languages import languages
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import Estimate, TokenCounter
from tests.unit.services.parsing.checks import check

EXPECTED = {
    "shop.js": "withTax halved Basket Basket.constructor Basket.total Basket.clear Basket.first find "
    "find.inner",
    "shop.ts": "Priced Money Size Rules Rules.allowed Item Item.constructor Item.label make",
    "view.tsx": "Props Greeting Page",
    "Shop.java": "Shop Shop.Shop Shop.find Shop.Item Shop.Size Shop.Price Shop.Price.twice",
    "shop.go": "Item Finder Shop Shop.Find New",
    "shop.rs": "Item Size Priced Priced.twice Item.price Shelf Shelf.new inner inner.hidden square main",
    "shop.c": "item size_kind find main",
    "shop.cpp": "shop shop.Shelf shop.Shelf.Shelf shop.Shelf.find shop.Item shop.Shelf.~Shelf main",
    "Shop.cs": "Shop.Core Shop.Core.Item Shop.Core.Item.Item Shop.Core.Item.TwiceAsync Shop.Core.IPriced "
    "Shop.Core.Money Shop.Core.Size Shop.Core.Point",
    "shop.rb": "Shop Shop.Basket Shop.Basket.initialize Shop.Basket.total Shop.Basket.empty main",
    "shop.php": "with_tax Priced Named Named.name Basket Basket.__construct Basket.price",
    "shop.sh": "find_item main",
    "Shop.kt": "Item Item.twice Item.Companion Item.Companion.empty Priced Registry Size main",
    "Shop.scala": "Item Item.twice Priced Registry Registry.find",
    "Shop.swift": "Item Item.init Item.twice Priced Basket Basket.deinit Basket.labels Size main",
    "shop.sql": "items cheap twice",
    "shop.lua": "M.with_tax M.find helper twice M.halve",
}


def _parse(parser: DocumentParser, path: Path) -> ParsedDocument:
    return parser.parse(path.read_bytes(), name=path.name, media_type=None)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_definition_is_found_with_its_qualified_name(
    parser: DocumentParser, count: TokenCounter, samples: Path, name: str
) -> None:
    document = _parse(parser, samples / name)
    check(document, (samples / name).read_text(), count)
    found = dict.fromkeys(draft.symbol for draft in document.drafts if draft.symbol)
    assert set(found) == set(EXPECTED[name].split())


def test_there_is_a_sample_for_every_language() -> None:
    suffixes = {Path(name).suffix for name in EXPECTED}
    assert all(language.suffixes & suffixes for language in languages())


def test_no_two_formats_claim_the_same_suffix_or_media_type() -> None:
    for claims in ("suffixes", "media_types"):
        claimed = [claim for a_format in all_formats() for claim in getattr(a_format, claims)]
        assert len(claimed) == len(set(claimed))


def test_comments_annotations_and_imports_are_known(parser: DocumentParser, samples: Path) -> None:
    drafts = {draft.symbol: draft for draft in reversed(_parse(parser, samples / "Shop.java").drafts)}
    find = drafts["Shop.find"]
    assert find.kind.value == "method"
    assert (find.location.start_line, find.location.end_line) == (15, 26)
    assert find.attributes == {
        "language": "java",
        "signature": "public T find(String name) throws Missing",
        "docstring": "Finds by name.",
        "decorators": ["@Override"],
    }
    assert find.context == "class Shop<T extends Item> extends Base implements Closeable › method find"
    assert drafts[None].attributes["imports"] == ["import java.util.List;"]


def test_a_method_outside_its_type_is_named_after_it(parser: DocumentParser, samples: Path) -> None:
    drafts = {draft.symbol: draft for draft in _parse(parser, samples / "shop.go").drafts}
    assert drafts["Shop.Find"].kind.value == "method"
    assert drafts["Shop.Find"].context == "Shop › method Find"


def test_damaged_source_keeps_the_structure_that_is_left(parser: DocumentParser, count: TokenCounter) -> None:
    source = (
        "function good() {\n  return 1;\n}\n\nfunction bad( {\n  return\n\nclass Fine {\n  m() {\n  }\n}\n"
    )
    document = parser.parse(source.encode(), name="x.js", media_type=None)
    check(document, source, count)
    assert "good" in {draft.symbol for draft in document.drafts}


def test_definitions_on_one_line_do_not_multiply_it(parser: DocumentParser, count: TokenCounter) -> None:
    source = "".join(f"function f{i}(){{return {i}}}" for i in range(300)) + "\n"
    document = parser.parse(source.encode(), name="x.js", media_type=None)
    check(document, source, count)
    assert sum(len(draft.text) for draft in document.drafts) <= len(source)


def test_deep_nesting_is_no_danger(parser: DocumentParser, count: TokenCounter) -> None:
    source = "\n".join(f"class A{i} {{" for i in range(3000)) + "\n" + "}\n" * 3000
    document = parser.parse(source.encode(), name="Deep.java", media_type=None)
    check(document, source, count)
    assert all(len(draft.context) <= 160 for draft in document.drafts)


def test_what_the_grammar_cannot_mend_in_time_is_taken_in_as_text() -> None:
    limits = ParsingLimits(seconds_per_file=1.5)  # a third of it for the grammar
    parser = DocumentParser(tokenizer=None, max_tokens=256, limits=limits)
    source = "class A {}\n" + "<!--" * 15_000 + "\n"
    document = parser.parse(source.encode(), name="A.java", media_type=None)
    check(document, source, Estimate())
    assert "taken in as text" in document.notices[0]


def test_short_functions_in_an_object_stay_with_it(parser: DocumentParser) -> None:
    source = "const api = {\n  get: () => 1,\n  post: (x) => {\n    return x;\n  },\n};\n"
    document = parser.parse(source.encode(), name="x.js", media_type=None)
    assert [draft.symbol for draft in document.drafts] == [None]
