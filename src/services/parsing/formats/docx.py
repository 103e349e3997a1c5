"""Word documents (.docx) by heading, tables as rows."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from src.services.parsing.limits import ParsingLimits
from src.services.parsing.pieces import Original, Reading, unreadable

from .sections import main_title, sections
from .transcript import Transcript
from .zips import members

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)
_BODY = "word/document.xml"


class DocxFormat:
    """Reads paragraphs and tables in their order; headers, footers and comments are left out."""

    name = "docx"
    suffixes = frozenset({".docx"})
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        if _BODY not in members(original.content, limits):
            detail = "The file is a ZIP archive and no Word document; archives are not unpacked."
            raise unreadable("archive", detail)
        document = _open(original.content)
        transcript = Transcript(limits)
        styles = _Styles(document)
        for block in _blocks(document.element.body, f"{_W}p", f"{_W}tbl"):
            if block.tag == f"{_W}tbl":
                _write_table(block, transcript)
            else:
                _write_paragraph(block, styles[block.style], transcript)
        lines = transcript.lines()
        if not any(line.strip() for line in lines.all):
            raise unreadable("no_text", "The document holds no text, only pictures or nothing at all.")
        title = " ".join((document.core_properties.title or "").split())[:300]
        return Reading(
            self.name,
            lines,
            sections(lines, transcript.headings),
            title=title or main_title(transcript.headings),
            borders=frozenset(transcript.blocks),
            readable=True,
        )


def _open(content: bytes) -> Document:
    import docx
    from docx.opc.exceptions import OpcError

    damaged = "The Word document is damaged and cannot be opened; save it anew and add it again."
    try:
        document = docx.Document(io.BytesIO(content))
    except (
        OpcError,
        SyntaxError,
        KeyError,
        ValueError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise unreadable("damaged", damaged) from error
    if document.element.body is None:
        raise unreadable("damaged", damaged)
    return document


def _blocks(root: BaseOxmlElement, *tags: str) -> Iterator[BaseOxmlElement]:
    """The outermost elements of these tags, also inside content controls and tracked changes."""
    waiting = list(reversed(root))
    while waiting:
        element = waiting.pop()
        if element.tag in tags:
            yield element
        elif element.tag != _FALLBACK:  # says the same once more for older programs
            waiting.extend(reversed(element))


def _text(paragraph: BaseOxmlElement) -> str:
    texts = []
    for element in _blocks(paragraph, f"{_W}t", *_BREAKS):
        texts.append(_BREAKS.get(element.tag) or element.text or "")
    return "".join(texts).strip()


class _Styles(dict[str | None, str]):
    """The names of paragraph styles by their ids. Each is looked up once: that goes through all of them."""

    def __init__(self, document: Document) -> None:
        self._part = document.part

    def __missing__(self, style_id: str | None) -> str:
        from docx.enum.style import WD_STYLE_TYPE

        style = self._part.get_style(style_id, WD_STYLE_TYPE.PARAGRAPH)
        self[style_id] = style.name or "" if style is not None else ""
        return self[style_id]


def _write_paragraph(paragraph: BaseOxmlElement, style: str, transcript: Transcript) -> None:
    text = _text(paragraph)
    if not text:
        transcript.blank()
        return
    found = _HEADING.match(style)
    if found or style == "Title":
        transcript.heading(int(found[1]) + 1 if found else 1, " ".join(text.split()))
    elif style.startswith("List"):
        transcript.add(f"- {text}")
    else:
        transcript.blank()
        transcript.add(text)


def _write_table(table: BaseOxmlElement, transcript: Transcript) -> None:
    transcript.blank()
    for row in _blocks(table, f"{_W}tr"):
        cells = []
        for cell in _blocks(row, f"{_W}tc"):
            paragraphs = [_text(paragraph) for paragraph in cell.iter(f"{_W}p")]
            cells.append(" ".join(" ".join(paragraphs).split()))
        if any(cells):
            transcript.add(" | ".join(cells))
    transcript.blank()
