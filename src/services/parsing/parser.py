"""One document in this process: limits, format, pieces, passages."""

from __future__ import annotations

import hashlib
import logging
import sys
from importlib.metadata import version
from pathlib import Path

from src.core.errors import DocumentError
from src.core.passages import Chunking, ParsedDocument

from .cutting import Cutter
from .detection import Detector
from .formats import all_formats
from .formats.languages import languages
from .limits import ParsingLimits
from .lines import clean
from .pieces import Original, Reading, unreadable
from .tokens import fingerprint, token_counter

log = logging.getLogger(__name__)

REVISION = 1
"""Raise it whenever a change here gives other passages for the same bytes."""

_LIBRARIES = ("markdown-it-py", "pypdfium2", "python-docx", "selectolax", "tokenizers", "tree-sitter")


class DocumentParser:
    """Parses in the calling process, bounded by every limit except time and memory.

    ``tokenizer`` is the embedding model's ``tokenizer.json``; without it tokens are estimated.
    Foreign bytes belong into ``IsolatedParser``, which runs this class in child processes.
    """

    def __init__(self, *, tokenizer: Path | None, max_tokens: int, limits: ParsingLimits) -> None:
        self._count = token_counter(tokenizer)
        self._cutter = Cutter(self._count, max_tokens)
        self._detector = Detector(all_formats())
        self._limits = limits

    def parse(
        self, content: bytes, *, name: str, media_type: str | None, chunking: Chunking | None = None
    ) -> ParsedDocument:
        """Raises DocumentError and nothing else, whatever the bytes are. ``chunking`` is how to cut this one
        otherwise."""
        try:
            return self._parse(content, name, media_type, chunking)
        except DocumentError:
            raise
        except MemoryError as error:
            raise unreadable("out_of_memory", "The document needs more memory than is allowed.") from error
        except RecursionError as error:
            raise unreadable("damaged", "The document is nested too deeply to be read.") from error
        except Exception as error:
            log.warning("reading a document failed", exc_info=True)
            detail = f"The document is damaged and cannot be read ({type(error).__name__})."
            raise unreadable("damaged", detail) from error

    def _parse(
        self, content: bytes, name: str, media_type: str | None, chunking: Chunking | None
    ) -> ParsedDocument:
        check_size(content, self._limits)
        if not content.strip():
            raise unreadable("empty", "The file is empty.")
        base = name.replace("\\", "/").rpartition("/")[2].lower()
        original = Original(content, base)
        reading = self._detector.choose(original, media_type).read(original, self._limits)
        cutter = Cutter(self._count, chunking.tokens, chunking.overlap) if chunking else self._cutter
        return self._document(reading, cutter)

    def _document(self, reading: Reading, cutter: Cutter) -> ParsedDocument:
        drafts = cutter.cut(reading, self._limits.max_passages)
        if not drafts:
            raise unreadable("empty", "The file holds nothing but blank space.")
        return ParsedDocument(
            format=reading.format,
            title=clean(reading.title) if reading.title else None,
            drafts=drafts,
            notices=tuple(clean(notice) for notice in reading.notices),
            readable_text="\n".join(reading.lines.all) if reading.readable else None,
        )


def check_size(content: bytes, limits: ParsingLimits) -> None:
    """Raises DocumentError ``too_large``."""
    if len(content) > limits.max_bytes:
        detail = f"The file has {len(content)} bytes; files up to {limits.max_bytes} bytes are read."
        raise unreadable("too_large", detail)


def parser_version(tokenizer: Path | None, max_tokens: int) -> str:
    """Names everything that decides which passages the same bytes give."""
    grammars = {language.module.replace("_", "-") for language in languages()}
    parts = [
        f"python {sys.version_info.major}.{sys.version_info.minor}",
        str(max_tokens),
        fingerprint(tokenizer),
        *(f"{library} {version(library)}" for library in (*_LIBRARIES, *sorted(grammars))),
    ]
    return f"{REVISION}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"
