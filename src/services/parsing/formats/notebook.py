"""Notebooks (.ipynb) by cell, with short outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from src.core.passages import PassageKind
from src.services.parsing.encodings import decode
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Original, Piece, Reading, unreadable

from .markdown import outline
from .sections import Heading
from .transcript import Transcript

_OUTPUT_LINES = 12
_OUTPUT_CHARACTERS = 800


class NotebookFormat:
    """Reads Jupyter notebooks, versions 3 and 4."""

    name = "notebook"
    suffixes = frozenset({".ipynb"})
    media_types = frozenset({"application/x-ipynb+json"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content)
        notebook = _load(decoded.text)
        transcript = Transcript(limits)
        language = _language(notebook)
        path: list[Heading] = []
        every: list[Heading] = []
        pieces: list[Piece] = []
        for number, cell in enumerate(_cells(notebook), start=1):
            source = _joined(cell.get("source", cell.get("input", "")))
            is_code = cell.get("cell_type") == "code"
            headings = [] if is_code else outline(Lines(source))[0]
            for index, heading in enumerate(headings):
                while path and path[-1].level >= heading.level:
                    path.pop()
                path.append(heading)
                if index == 0:
                    titles = tuple(item.title for item in path)
            if not headings:
                titles = tuple(item.title for item in path)
            every += headings
            text = "\n".join(filter(str.strip, [source, _outputs(cell) if is_code else ""]))
            if not text.strip():
                continue
            transcript.blank()
            start, end = transcript.add(text)
            attributes = {"language": language} if is_code else {}
            piece = Piece(
                PassageKind.CELL, start, end, " › ".join(titles), attributes=attributes, cell=number
            )
            piece.heading_path = titles
            pieces.append(piece)
        if not pieces:
            raise unreadable("no_text", "The notebook has no cell with text in it.")
        return Reading(
            self.name,
            transcript.lines(),
            pieces,
            title=next((heading.title for heading in every if heading.level == 1), None),
            notices=(decoded.notice,) if decoded.notice else (),
            readable=True,
        )


def _load(text: str) -> Mapping[str, Any]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable("damaged", "The notebook is damaged: it is not valid JSON.") from error
    if not isinstance(notebook, dict):
        raise unreadable("damaged", "The file is named like a notebook but does not hold one.")
    return notebook


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    holders = [notebook, *_list(notebook.get("worksheets"))]
    for holder in holders:
        if isinstance(holder, dict):
            yield from (cell for cell in _list(holder.get("cells")) if isinstance(cell, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _joined(value: object) -> str:
    """A multi-line string, which notebooks store as one string or as a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _language(notebook: Mapping[str, Any]) -> str:
    metadata = notebook.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(info, dict) and isinstance(info.get(name), str):
            return str(info[name])
    return "python"


def _outputs(cell: Mapping[str, Any]) -> str:
    """The text that the cell printed or returned, cut short; pictures and HTML are left out."""
    texts = []
    for output in _list(cell.get("outputs")):
        if isinstance(output, dict):
            data = output.get("data")
            plain = data.get("text/plain") if isinstance(data, dict) else None
            text = _joined(output.get("text")) or _joined(plain)
            if output.get("output_type") in ("error", "pyerr"):
                text = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
            texts.append(text)
    shown = Lines("\n".join(filter(str.strip, texts))).all
    if not shown:
        return ""
    short = "\n".join(shown[:_OUTPUT_LINES])[:_OUTPUT_CHARACTERS]
    more = "\n…" if len(short) < len("\n".join(shown)) else ""
    return f"Output:\n{short}{more}"
