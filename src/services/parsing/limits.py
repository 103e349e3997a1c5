"""What one document may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ParsingLimits:
    """Bounds of one document: sizes in bytes, time in seconds. Going over one is a DocumentError.

    ``max_bytes`` bounds the file, ``max_unpacked_bytes`` what it unpacks to (the parts of a DOCX, the
    text of a PDF), ``max_pages`` a PDF, ``max_passages`` what is made of it. ``seconds_per_file`` and
    ``memory_bytes`` (private memory of the child process) hold only where parsing is isolated.
    """

    max_bytes: int = 50 * 2**20
    max_unpacked_bytes: int = 200 * 2**20
    max_pages: int = 2000
    seconds_per_file: float = 60.0
    max_passages: int = 50_000
    memory_bytes: int = 2 * 2**30
