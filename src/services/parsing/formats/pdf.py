"""PDF by page. Runs only in the parsing process: the reader is a large C++ library fed with foreign bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from src.core.passages import PassageKind
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Original, Piece, Reading, unreadable

from .transcript import Transcript

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PASSWORD = 4  # FPDF_ERR_PASSWORD
_SOFT_HYPHEN = re.compile("[\x02\ufffe\u00ad](?:\r?\n)?")
_MOST_BOOKMARKS = 5000
_DEEPEST_BOOKMARK = 6


class PdfFormat:
    """Reads the text layer of a PDF; a page without one is named in a notice."""

    name = "pdf"
    suffixes = frozenset({".pdf"})
    media_types = frozenset({"application/pdf", "application/x-pdf"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        document = _open(original.content)
        try:
            return _read(document, limits)
        finally:
            document.close()


def _open(content: bytes) -> PdfDocument:
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        return PdfDocument(content)
    except PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            detail = "The PDF is encrypted; remove its password and add it again."
            raise unreadable("encrypted", detail) from error
        detail = "The PDF is damaged and cannot be opened; export it anew and add it again."
        raise unreadable("damaged", detail) from error


def _read(document: PdfDocument, limits: ParsingLimits) -> Reading:
    from pypdfium2 import raw

    count = len(document)
    if count > limits.max_pages:
        detail = f"The PDF has {count} pages; up to {limits.max_pages} are read. Split it into parts."
        raise unreadable("too_many_pages", detail)
    if count == 0:
        raise unreadable("damaged", "The PDF holds no page that can be read.")
    transcript = Transcript(limits)
    pieces: list[Piece] = []
    silent: list[int] = []
    broken: list[int] = []
    paths = _paths(document, count)
    for number in range(1, count + 1):
        text = _page_text(document, number)
        if text is None:
            broken.append(number)
        elif not text.strip():
            silent.append(number)
        else:
            transcript.blank()
            start, end = transcript.add(text)
            path = paths[number - 1]
            piece = Piece(PassageKind.PAGE, start, end, context=" › ".join(path), page=number)
            piece.heading_path = path or None
            pieces.append(piece)
    if not pieces:
        if broken:
            raise unreadable("damaged", "None of the PDF's pages can be read.")
        detail = "The PDF holds no text; it may be a scan. Run text recognition (OCR) over it first."
        raise unreadable("no_text", detail)
    notices = []
    if not raw.FPDF_DocumentHasValidCrossReferenceTable(document.raw):
        notices.append("The PDF is damaged; what could be recovered was taken in.")
    notices += _about(broken, "could not be read", "could not be read")
    notices += _about(silent, "holds no text; it may be a scan", "hold no text; they may be scans")
    title = " ".join(document.get_metadata_value("Title").split())[:300]
    lines: Lines = transcript.lines()
    return Reading("pdf", lines, pieces, title=title or None, notices=tuple(notices), readable=True)


def _page_text(document: PdfDocument, number: int) -> str | None:
    from pypdfium2 import PdfiumError

    try:
        page = document[number - 1]
        text_page = page.get_textpage()
        text = str(text_page.get_text_range())
        text_page.close()
        page.close()
    except PdfiumError:
        return None
    return _SOFT_HYPHEN.sub("", text)


def _paths(document: PdfDocument, count: int) -> list[tuple[str, ...]]:
    """For each page the bookmarks it stands under, from the outermost."""
    begins: dict[int, tuple[str, ...]] = {}
    path: list[str] = []
    for level, title, page in _bookmarks(document):
        del path[level:]
        path.append(title)
        begins.setdefault(page, tuple(path))
    paths: list[tuple[str, ...]] = []
    current: tuple[str, ...] = ()
    for index in range(count):
        current = begins.get(index, current)
        paths.append(current)
    return paths


def _bookmarks(document: PdfDocument) -> Iterator[tuple[int, str, int]]:
    """Level from 0, title and page index of each bookmark that leads to a page."""
    for seen, bookmark in enumerate(document.get_toc(max_depth=_DEEPEST_BOOKMARK)):
        if seen >= _MOST_BOOKMARKS:
            return
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        title = " ".join(bookmark.get_title().split())[:200]
        if page is not None and title:
            yield bookmark.level, title, page


def _about(pages: Sequence[int], one: str, many: str) -> list[str]:
    if not pages:
        return []
    if len(pages) == 1:
        return [f"Page {pages[0]} {one}."]
    named = ", ".join(map(str, pages[:20])) + (" and more" if len(pages) > 20 else "")
    return [f"{len(pages)} pages ({named}) {many}."]
