"""A document: its text, its state, its end."""

from __future__ import annotations

import pytest

from src.core.messages.documents import (
    Document,
    DocumentText,
    ListDocuments,
    ListPassages,
)
from src.core.passages import Location
from src.web.pages.documents.viewer import WINDOW, is_binary, view_of
from tests.support.site import BASKET, READER, Site, marked, words


def find(site: Site, name: str) -> Document:
    return next(
        one
        for one in site.house.ask(ListDocuments(collection_id=site.collection_id, text=name)).items
        if name in (one.title + (one.path or ""))
    )


def test_every_line_is_shown_with_its_number(site: Site) -> None:
    tree = site.visitor().page(f"/documents/{find(site, 'basket').id}")
    lines = tree.css(".line")
    assert [line.attributes["data-line"] for line in lines] == [
        str(number) for number in range(1, BASKET.count("\n") + 1)
    ]
    assert "hl-k" in tree.html
    assert not tree.css(".marked")


def test_a_passage_of_the_list_is_marked_where_it_stands(site: Site) -> None:
    document = find(site, "basket")
    passage = next(
        one
        for one in site.house.ask(ListPassages(document_id=document.id)).items
        if one.symbol and one.symbol.endswith("cheapest_item")
    )
    tree = site.visitor().page(f"/documents/{document.id}?passage={passage.id}")
    numbers = [int(str(line.attributes["data-line"])) for line in tree.css(".line.marked")]
    assert numbers[0] == passage.location.start_line
    assert numbers[-1] == passage.location.end_line


def test_the_passages_of_a_document_are_listed(site: Site) -> None:
    document = find(site, "basket")
    tree = site.visitor().page(f"/documents/{document.id}/passages")
    assert len(marked(tree, "passage")) == document.passages


def test_a_failed_document_tells_stage_code_cause_and_what_to_do(site: Site) -> None:
    document = find(site, "report.pdf")
    assert document.error is not None
    tree = site.visitor().page(f"/documents/{document.id}")
    told = words(marked(tree, "document-failure")[0])
    assert document.error.detail in told
    assert document.error.code in told
    assert "attempt" in told
    assert marked(tree, "retry")


def test_a_retry_puts_the_document_into_the_queue_again(site: Site) -> None:
    document = find(site, "report.pdf")
    visitor = site.visitor()
    visitor.page("/")
    response = visitor.send(f"/documents/{document.id}/retry", {}, script=True)
    assert response.status_code == 204
    assert "documents-changed" in response.headers["HX-Trigger"]


def test_a_reader_sees_no_buttons_that_change_and_may_not_use_them(site: Site) -> None:
    document = find(site, "shipping")
    visitor = site.visitor(as_=READER)
    tree = visitor.page(f"/documents/{document.id}")
    assert not marked(tree, "delete-document")
    refused = visitor.send(f"/documents/{document.id}/delete", {}, script=True)
    assert refused.status_code == 403
    assert 'data-testid="problem"' in refused.text
    assert find(site, "shipping").id == document.id


def test_a_deleted_document_is_gone_and_its_collection_says_so(site: Site) -> None:
    site.house.upload(site.collection_id, {"docs/passing.md": "# Passing\n\nSoon gone.\n"})
    document = find(site, "passing")
    visitor = site.visitor()
    visitor.page("/")
    response = visitor.send(f"/documents/{document.id}/delete", {})
    assert response.location == f"/collections/{site.collection_id}"
    assert "was deleted" in words(marked(visitor.page(response.location), "flash")[0])
    assert visitor.get(f"/documents/{document.id}").status_code == 404


def text_of(lines: int, marked_: Location | None = None, language: str | None = "python") -> DocumentText:
    document = Document.model_construct(path="a.py", format="python", title="a.py")
    return DocumentText.model_construct(
        document=document,
        text="".join(f"x{number} = {number}\n" for number in range(1, lines + 1)),
        language=language,
        extracted=False,
        marked=marked_,
        passage_id=None,
        commit=None,
        newer=False,
    )


def test_a_long_file_is_shown_around_its_mark() -> None:
    view = view_of(text_of(3 * WINDOW, Location(start_line=2 * WINDOW, end_line=2 * WINDOW + 5)))
    shown = [line.number for line in view.lines]
    assert 2 * WINDOW in shown
    assert len(shown) == WINDOW
    assert view.previous
    assert view.following
    assert sum(line.first_marked for line in view.lines) == 1


@pytest.mark.parametrize("start", [-5, 0, 1, 10**9])
def test_any_start_shows_lines_that_exist(start: int) -> None:
    view = view_of(text_of(10), start)
    assert view.lines
    assert {line.number for line in view.lines} <= set(range(1, 11))


def test_windows_join_without_gap_or_overlap() -> None:
    first = view_of(text_of(WINDOW + 10))
    assert first.following == WINDOW + 1
    second = view_of(text_of(WINDOW + 10), first.following)
    assert second.lines[0].number == first.lines[-1].number + 1
    assert second.previous == 1
    assert second.following is None


def test_the_document_is_shown_where_the_passage_is_gone_from_it(site: Site) -> None:
    tree = site.visitor().page(f"/documents/{find(site, 'basket').id}?passage=no-longer-there")
    assert "changed since" in words(marked(tree, "no-text")[0])
    assert marked(tree, "viewer")


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"%PDF-1.7\n" + bytes(range(128, 160)) * 9])
def test_bytes_that_are_no_text_are_not_shown_as_text(data: bytes) -> None:
    assert is_binary(data.decode("latin-1"))


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "é\tü\r\n\x0c", "one \ufffd stain in a text " * 2 + "x" * 99]
)
def test_text_with_a_stain_is_text(text: str) -> None:
    assert not is_binary(text)


def test_prose_wraps_and_code_does_not() -> None:
    assert view_of(text_of(3, language="markdown")).prose
    assert not view_of(text_of(3)).prose
