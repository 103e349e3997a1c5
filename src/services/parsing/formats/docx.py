"""Word documents (.docx) by heading, tables as rows."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from src.services.parsing.limits import ParsingLimits
from src.services.parsing.pieces import Original, Reading, unreadable

from .sections import main_title, sections
from .transcript import Transcript
from .zips import members

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)
_BODY = "word/document.xml"


class DocxFormat:
    """Reads paragraphs and tables in their order; headers, footers and comments are left out."""

    suffixes = frozenset({".docx"})
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        from docx.table import Table

        if _BODY not in members(original.content, limits):
            detail = "The file is a ZIP archive and no Word document; archives are not unpacked."
            raise unreadable("archive", detail)
        document = _open(original.content)
        transcript = Transcript(limits)
        for item in document.iter_inner_content():
            if isinstance(item, Table):
                _write_table(item, transcript)
            else:
                _write_paragraph(item, transcript)
        lines = transcript.lines()
        if not any(line.strip() for line in lines.all):
            raise unreadable("no_text", "The document holds no text, only pictures or nothing at all.")
        title = " ".join((document.core_properties.title or "").split())[:300]
        return Reading(
            "docx",
            lines,
            sections(lines, transcript.headings),
            title=title or main_title(transcript.headings),
            statements=frozenset(transcript.blocks),
            readable=True,
        )


def _open(content: bytes) -> Document:
    import docx
    from docx.opc.exceptions import OpcError

    try:
        return docx.Document(io.BytesIO(content))
    except (OpcError, SyntaxError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        detail = "The Word document is damaged and cannot be opened; save it anew and add it again."
        raise unreadable("damaged", detail) from error


def _write_paragraph(paragraph: Paragraph, transcript: Transcript) -> None:
    text = paragraph.text.strip()
    if not text:
        transcript.blank()
        return
    style = (paragraph.style.name if paragraph.style is not None else "") or ""
    found = _HEADING.match(style)
    if found or style == "Title":
        transcript.heading(int(found[1]) + 1 if found else 1, text)
    elif style.startswith("List"):
        transcript.add(f"- {text}")
    else:
        transcript.blank()
        transcript.add(text)


def _write_table(table: Table, transcript: Transcript) -> None:
    transcript.blank()
    for row in table.rows:
        cells: list[str] = []
        previous = None
        for cell in row.cells:
            if cell._tc is not previous:  # a merged cell is listed once for each column it spans
                cells.append(" ".join(cell.text.split()))
            previous = cell._tc
        if any(cells):
            transcript.add(" | ".join(cells))
    transcript.blank()
