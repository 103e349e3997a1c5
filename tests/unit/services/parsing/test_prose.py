"""Markdown and reStructuredText by heading."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.core.passages import ParsedDocument
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import check

MARKDOWN = """\
---
title: "The shop"
---

Before all headings.

# The *shop* and [its](https://example.org) `code` {#shop}

## Opening hours

Daily.

```sh
# not a heading
open --door
```

Setext heading
--------------

- one
- two

### Deep

Text.

# Second
"""

RESTRUCTURED = """\
==========
 The shop
==========

.. contents::

Opening ``hours``
=================

Daily, see :ref:`the door <door>`.

.. include:: /etc/passwd

.. raw:: html
   :file: /etc/hostname

Prices of :class:`Item`
-----------------------

=====  =====
name   price
=====  =====
pen    1
=====  =====

A paragraph
that is followed by dashes
--------------------------

Second
======

Text.
"""


def _parse(parser: DocumentParser, source: str, name: str) -> ParsedDocument:
    return parser.parse(source.encode(), name=name, media_type=None)


def _outline(document: ParsedDocument) -> list[tuple[tuple[str, ...] | None, int | None, int | None]]:
    return [(d.location.heading_path, d.location.start_line, d.location.end_line) for d in document.drafts]


def test_markdown_sections_know_the_headings_above_them(parser: DocumentParser, count: TokenCounter) -> None:
    document = _parse(parser, MARKDOWN, "shop.md")
    check(document, MARKDOWN, count)
    top = "The shop and its code"
    assert _outline(document) == [
        ((), 1, 5),
        ((top, "Opening hours"), 7, 16),
        ((top, "Setext heading"), 18, 22),
        ((top, "Setext heading", "Deep"), 24, 26),
        (("Second",), 28, 28),
    ]
    assert document.title == "The shop"
    assert document.drafts[1].context == f"{top} › Opening hours"
    assert document.drafts[1].kind.value == "section"


def test_the_first_heading_is_the_title_where_nothing_else_says_it(parser: DocumentParser) -> None:
    assert _parse(parser, "# One\n\ntext\n", "a.md").title == "One"
    assert _parse(parser, "text only\n", "a.md").title is None


def test_restructured_text_is_read_by_its_adornments(parser: DocumentParser, count: TokenCounter) -> None:
    document = _parse(parser, RESTRUCTURED, "shop.rst")
    check(document, RESTRUCTURED, count)
    assert _outline(document) == [
        (("The shop",), 1, 5),
        (("The shop", "Opening hours"), 7, 15),
        (("The shop", "Opening hours", "Prices of Item"), 17, 28),
        (("The shop", "Second"), 30, 33),
    ]
    assert document.title == "The shop"


def test_directives_are_text_and_read_no_file(parser: DocumentParser) -> None:
    text = "\n".join(draft.text for draft in _parse(parser, RESTRUCTURED, "shop.rst").drafts)
    assert ".. include:: /etc/passwd" in text
    assert Path("/etc/passwd").read_text().splitlines()[0] not in text


def test_a_long_section_is_cut_at_paragraphs(parser: DocumentParser, count: TokenCounter) -> None:
    paragraphs = [f"Paragraph {i} speaks of many things. " * 6 for i in range(12)]
    source = "# Title\n\n" + "\n\n".join(paragraphs) + "\n"
    document = _parse(parser, source, "long.md")
    check(document, source, count)
    assert len(document.drafts) > 2
    assert {draft.context for draft in document.drafts} == {"Title"}
    assert all(draft.text.startswith(("# Title", "Paragraph")) for draft in document.drafts)


def test_short_paragraphs_are_kept_together(parser: DocumentParser) -> None:
    source = "\n\n".join(f"Short paragraph {i}." for i in range(20)) + "\n"
    assert len(_parse(parser, source, "short.md").drafts) == 1


@pytest.mark.parametrize(
    "source",
    [
        "> " * 5000 + "deep\n",
        "- " * 5000 + "deep\n",
        "[a](" * 20_000 + "\n",
        "# " + "*" * 50_000 + "\n",
        "|" * 20_000 + "\n|" + "-|" * 10_000 + "\n",
        "```\n" * 5000,
        "# a\n" * 5000,
    ],
)
def test_hostile_markdown_is_read(parser: DocumentParser, count: TokenCounter, source: str) -> None:
    check(_parse(parser, source, "x.md"), source, count)
