"""One file for each format; ``all_formats`` is the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from src.services.parsing.pieces import Format

from .code import CodeFormat
from .docx import DocxFormat
from .html import HtmlFormat
from .languages import languages
from .markdown import MarkdownFormat
from .notebook import NotebookFormat
from .pdf import PdfFormat
from .python import PythonFormat
from .restructured import RestructuredTextFormat
from .text import text_formats


def all_formats() -> Sequence[Format]:
    """Every format that is read, one object each; none loads its library before it is used."""
    return (
        PythonFormat(),
        *(CodeFormat(language) for language in languages()),
        MarkdownFormat(),
        RestructuredTextFormat(),
        HtmlFormat(),
        PdfFormat(),
        DocxFormat(),
        NotebookFormat(),
        *text_formats(),
    )


@cache
def names_by_media_type() -> Mapping[str, str]:
    """The name of the format that reads a media type."""
    return {kind: each.name for each in reversed(all_formats()) for kind in each.media_types}
