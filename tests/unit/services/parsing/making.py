"""Small documents made for the tests, in formats that are not text."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import docx


def pdf(pages: Sequence[str], *, bookmarks: Sequence[tuple[str, int]] = ()) -> bytes:
    """A PDF with one line of text on each page; an empty string makes a page without text."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(count))
    outline = 4 + 2 * count
    catalog = f"<< /Type /Catalog /Pages 2 0 R {f'/Outlines {outline} 0 R' if bookmarks else ''} >>"
    objects = [
        catalog,
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * i} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    if bookmarks:
        first, last = outline + 1, outline + len(bookmarks)
        objects.append(f"<< /Type /Outlines /First {first} 0 R /Last {last} 0 R /Count {len(bookmarks)} >>")
        for i, (title, page) in enumerate(bookmarks):
            following = f"/Next {first + i + 1} 0 R" if first + i < last else ""
            previous = f"/Prev {first + i - 1} 0 R" if i else ""
            objects.append(
                f"<< /Title ({title}) /Parent {outline} 0 R /Dest [{4 + 2 * (page - 1)} 0 R /Fit] "
                f"{following} {previous} >>"
            )
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def word(parts: Sequence[tuple[str, Any]], *, title: str = "") -> bytes:
    """A Word document of ``(style, text)`` paragraphs; the style ``table`` takes a list of rows."""
    document = docx.Document()
    document.core_properties.title = title
    for style, text in parts:
        if style == "table":
            table = document.add_table(rows=0, cols=len(text[0]))
            for row in text:
                for cell, value in zip(table.add_row().cells, row, strict=True):
                    cell.text = value
        else:
            document.add_paragraph(text, style=style)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def rezipped(content: bytes, changes: dict[str, bytes]) -> bytes:
    """The ZIP file with members replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            new.writestr(name, data)
    return out.getvalue()


def notebook(cells: Sequence[dict[str, Any]], **metadata: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}).encode()
