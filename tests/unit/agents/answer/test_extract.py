from __future__ import annotations

import re

import pytest

from src.agents.answer.draft import Cited, Delta
from src.agents.answer.extract import LEAD, Extractor
from src.core.messages.questions import Hit, Style
from src.core.passages import Location, PassageKind

from .hits import WordEmbedder, hit, words

EXTRACTOR = Extractor(WordEmbedder(), words)
GRASS = hit(1, "# Grass\n\nSheep are animals. The colour of grass is green. It grows in spring, if wet.")
SKY = hit(2, "The sky is blue. Its colour comes from Rayleigh scattering of the light.")


def extract(question: str, *hits: Hit, style: Style = Style.DEFAULT) -> tuple[str, dict[int, str]]:
    items = list(EXTRACTOR.extract(question, hits, style))
    text = "".join(item.text for item in items if isinstance(item, Delta))
    return text, {item.number: item.quote for item in items if isinstance(item, Cited)}


def test_the_sentence_that_answers_is_quoted_and_cited() -> None:
    text, quotes = extract("What colour is the grass?", GRASS, SKY)
    assert text.startswith(f"{LEAD}\n\n> The colour of grass is green. [1]\n")
    assert quotes[1] == "The colour of grass is green."
    assert "Sheep" not in text


def test_every_quote_is_verbatim_and_every_marker_has_one() -> None:
    for question in ("What colour is the grass?", "Why is the sky blue?", "sheep and light"):
        text, quotes = extract(question, GRASS, SKY, style=Style.DETAILED)
        assert {int(n) for n in re.findall(r"\[(\d+)\]", text)} == set(quotes)
        assert all(quote in (GRASS, SKY)[number - 1].text for number, quote in quotes.items())


def test_neighbouring_sentences_stay_in_their_order_and_a_gap_is_marked() -> None:
    text = "The cache has a size limit. Nothing here matters. The limit of the cache size is an option."
    quoted, quotes = extract("cache size limit", hit(1, text))
    assert "> The cache has a size limit. … The limit of the cache size is an option. [1]\n" in quoted
    assert quotes[1] in text


def test_nothing_is_said_twice() -> None:
    text, quotes = extract("What colour is the grass?", GRASS, hit(2, "The colour of grass is green."))
    assert text.count("The colour of grass is green.") == 1
    assert list(quotes) == [1]


def test_a_question_in_a_source_is_quoted_with_its_answer() -> None:
    faq = hit(1, "Why is grass green? It holds chlorophyll in its leaves. Sheep do not mind.")
    text, _ = extract("Why is the grass green?", faq)
    assert "> Why is grass green? It holds chlorophyll in its leaves." in text


def test_code_is_shown_with_its_name_summary_and_place() -> None:
    code = hit(
        1,
        'def dump(obj, fp):\n    """Write obj as JSON."""\n    fp.write(encode(obj))\n',
        kind=PassageKind.FUNCTION,
        symbol="json.dump",
        location=Location(path="json/__init__.py", start_line=3, end_line=5),
        attributes={
            "language": "python",
            "docstring": "Write obj as JSON.",
            "signature": "def dump(obj, fp)",
        },
    )
    text, quotes = extract("how to write JSON", code)
    assert text == (
        f"{LEAD}\n\n`json.dump` in `json/__init__.py, lines 3-5`: Write obj as JSON. [1]\n\n"
        '```python\ndef dump(obj, fp):\n    """Write obj as JSON."""\n    fp.write(encode(obj))\n```\n'
    )
    assert quotes == {1: code.text.rstrip()}


def test_code_in_prose_stays_a_block() -> None:
    guide = hit(1, "Dump JSON like this:\n\n```python\njson.dump(value, file)  # dump JSON\n```\n\nThe end.")
    text, quotes = extract("how to dump JSON value to a file", guide)
    assert "\n```python\njson.dump(value, file)  # dump JSON\n```\n" in text
    assert quotes[1] in guide.text


@pytest.mark.parametrize("behind", ["sh run server", "{.sh .numbers}", " sh,ignore title='x'"])
def test_a_block_of_code_is_in_the_language_that_is_named_first(behind: str) -> None:
    block = f"```{behind}\ncp -a data backup  # copy the folder\n```"
    guide = hit(1, f"To make a backup copy the folder:\n\n{block}")
    text, _ = extract("how to copy the folder for a backup", guide)
    assert "\n```sh\ncp -a data backup  # copy the folder\n```\n" in text


def test_the_head_of_a_table_is_no_answer_but_its_rows_are() -> None:
    table = "| grass | colour of grass |\n|---|---|\n| meadow grass | its colour is green |"
    text, quotes = extract("What is the colour of grass?", hit(1, table))
    assert "colour of grass" not in text
    assert quotes[1] == "meadow grass | its colour is green |"


def test_styles_quote_less_or_more() -> None:
    hits = [
        hit(n, f"Grass colour number {n} is green{n}. The colour of grass {n} varies{n}.")
        for n in range(1, 7)
    ]
    shares = [
        len(extract("colour of grass", *hits, style=style)[1]) for style in (Style.CONCISE, Style.DETAILED)
    ]
    assert shares == [1, 5]


def test_quoted_text_is_inert() -> None:
    text, _ = extract(
        "grass colour",
        hit(1, "The colour of grass [7] is ![green](https://evil.example/x.png) <b>green</b>."),
    )
    assert "\\[7]" in text
    assert "![" not in text
    assert "\\<b>" in text
    assert "evil.example" not in text


def test_passages_without_a_sentence_give_nothing() -> None:
    assert extract("anything", hit(1, "# Heading"), hit(2, "  ")) == ("", {})
    assert extract("anything") == ("", {})
