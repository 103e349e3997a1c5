"""PDF by page, and every reason why one cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.core.errors import DocumentError
from src.core.passages import ParsedDocument
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import attempt, check
from tests.unit.services.parsing.making import pdf


def _parse(parser: DocumentParser, content: bytes, name: str = "a.pdf") -> ParsedDocument:
    return parser.parse(content, name=name, media_type=None)


def _refusal(parser: DocumentParser, content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        _parse(parser, content)
    assert caught.value.stage == "parsing"
    assert not caught.value.retryable
    return caught.value


def test_every_page_is_a_passage_with_its_number(parser: DocumentParser, count: TokenCounter) -> None:
    document = _parse(parser, pdf(["First page.", "Second page."]))
    check(document, None, count)
    assert document.readable_text == "First page.\n\nSecond page."
    assert [(d.location.page, d.location.start_line, d.text) for d in document.drafts] == [
        (1, 1, "First page."),
        (2, 3, "Second page."),
    ]
    assert document.drafts[0].kind.value == "page"


def test_a_page_without_text_is_named(parser: DocumentParser) -> None:
    assert _parse(parser, pdf(["One.", "", "Three."])).notices == ("Page 2 holds no text; it may be a scan.",)
    assert _parse(parser, pdf(["", "Two.", ""])).notices == (
        "2 pages (1, 3) hold no text; they may be scans.",
    )


def test_bookmarks_are_the_heading_path(parser: DocumentParser) -> None:
    document = _parse(parser, pdf(["a", "b", "c"], bookmarks=[("Part 1", 1), ("Part 2", 3)]))
    assert [draft.location.heading_path for draft in document.drafts] == [
        ("Part 1",),
        ("Part 1",),
        ("Part 2",),
    ]
    assert document.drafts[2].context == "Part 2"


def test_a_scan_is_refused_with_its_reason(parser: DocumentParser) -> None:
    refusal = _refusal(parser, pdf(["", ""]))
    assert refusal.code == "no_text"
    assert "scan" in refusal.detail


def test_too_many_pages_are_refused_before_they_are_read(tokenizer_path: Path) -> None:
    limits = ParsingLimits(max_pages=2)
    parser = DocumentParser(tokenizer=tokenizer_path, max_tokens=256, limits=limits)
    assert _refusal(parser, pdf(["a", "b", "c"])).code == "too_many_pages"


def test_more_text_than_allowed_is_refused(tokenizer_path: Path) -> None:
    limits = ParsingLimits(max_unpacked_bytes=100)
    parser = DocumentParser(tokenizer=tokenizer_path, max_tokens=256, limits=limits)
    assert _refusal(parser, pdf(["word " * 30])).code == "unpacked_too_large"


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\n", b"%PDF-1.4\n" + b"garbage " * 100, b"not a pdf at all", pdf(["x"])[:120]],
)
def test_a_damaged_pdf_is_refused_with_its_reason(parser: DocumentParser, content: bytes) -> None:
    assert _refusal(parser, content).code == "damaged"


def test_a_pdf_that_could_be_mended_says_so(parser: DocumentParser) -> None:
    document = _parse(parser, pdf(["Still readable."]).replace(b"startxref", b"startxxxx"))
    assert document.drafts[0].text == "Still readable."
    assert document.notices == ("The PDF is damaged; what could be recovered was taken in.",)


def test_a_pdf_is_known_under_any_name(parser: DocumentParser) -> None:
    assert _parse(parser, pdf(["Hello."]), name="report.txt").format == "pdf"


def test_what_stands_before_a_pdf_within_the_first_kilobyte_is_passed_over(parser: DocumentParser) -> None:
    sent = b"Content-Type: application/pdf\r\n" * 20 + pdf(["Hello."])
    (draft,) = _parse(parser, sent, name="report.pdf").drafts
    assert (draft.text, draft.location.page) == ("Hello.", 1)
    assert _parse(parser, b"A file begins with %PDF-1.7 then.\n", name="about.txt").format == "text"


SAMPLES = {
    "empty.pdf": "empty",
    "figure_structure.pdf": None,
    "hello_structure.pdf": None,
    "image_structure.pdf": None,
    "issue-297-example.pdf": "no_text",
    "issue-33-lorem-ipsum.pdf": None,
    "la-precinct-bulletin-2014-p1.pdf": None,
    "malformed-from-issue-932.pdf": None,  # a malformed drawing operator; its text is whole
    "nics-background-checks-2015-11.pdf": None,
    "password-example.pdf": "encrypted",
    "scotus-transcript-p1.pdf": None,
    "senate-expenditures.pdf": None,
    "table-curves-example.pdf": None,
}


@pytest.mark.parametrize(("name", "code"), SAMPLES.items())
def test_pdfs_that_others_made_are_read_or_refused_with_the_right_code(
    parser: DocumentParser, count: TokenCounter, shared_data: Path, name: str, code: str | None
) -> None:
    content = (shared_data / "pdf_samples" / name).read_bytes()
    if code is None:
        check(_parse(parser, content, name), None, count)
    else:
        assert _refusal(parser, content).code == code


def test_the_words_of_a_page_that_others_made_are_found(parser: DocumentParser, shared_data: Path) -> None:
    folder = shared_data / "pdf_samples"
    document = _parse(parser, (folder / "scotus-transcript-p1.pdf").read_bytes())
    expected = {word for word in (folder / "scotus-transcript-p1.txt").read_text().split() if word.isalpha()}
    found = set((document.readable_text or "").split())
    assert len(expected & found) >= 0.95 * len(expected)


def test_any_cut_or_changed_pdf_is_read_or_refused(parser: DocumentParser, shared_data: Path) -> None:
    content = (shared_data / "pdf_samples" / "hello_structure.pdf").read_bytes()
    for position in range(0, len(content), 97):
        changed = bytearray(content)
        changed[position : position + 3] = b"\xff\x00("
        for broken in (content[:position], bytes(changed)):
            outcome = attempt(parser, broken, "a.pdf")
            if isinstance(outcome, str):
                assert outcome in ("damaged", "empty", "no_text", "encrypted", "binary")
