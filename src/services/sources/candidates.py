"""Which of the wanted files are left out, and how a listing is put together."""

from __future__ import annotations

from collections.abc import Callable

from src.core.errors import SourceError
from src.core.ports import SkippedFile, SourceFile

HEAD_BYTES = 16_384
_MEGABYTE = 2**20

SkipRule = Callable[[str, int, bytes], tuple[str, str] | None]
"""Given path, size in bytes and the first bytes: a reason code and a sentence, or None to take the file."""


class Candidates:
    """Collects files one by one: judges each by size, then by its first bytes. ``limit`` bounds how many."""

    def __init__(self, skip: SkipRule, *, max_file_bytes: int, limit: int) -> None:
        self._skip = skip
        self._max_file_bytes = max_file_bytes
        self._limit = limit
        self.files: list[SourceFile] = []
        self.skipped: list[SkippedFile] = []

    def consider(self, file: SourceFile, head: Callable[[], bytes]) -> None:
        """Take or skip ``file``; ``head`` is asked for its first bytes only where the size allows it."""
        if file.size > self._max_file_bytes:
            size, most = file.size / _MEGABYTE, self._max_file_bytes / _MEGABYTE
            self.leave(file.path, "too_large", f"The file has {size:.1f} MB; up to {most:g} MB are read.")
            return
        if reason := self._skip(file.path, file.size, head()):
            self.leave(file.path, *reason)
            return
        self.files.append(file)
        self._count()

    def leave(self, path: str, code: str, detail: str, *, unseen: bool = False) -> None:
        self.skipped.append(SkippedFile(path, code, detail, unseen))
        self._count()

    def _count(self) -> None:
        if len(self.files) + len(self.skipped) > self._limit:
            raise SourceError(
                "too_large",
                f"The source has more than {self._limit:,} files; narrow it with include or exclude globs.",
            )
