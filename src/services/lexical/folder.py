"""One tantivy index in its folder."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from src.core.errors import IndexMissingError, UnreachableError

_WRITER_BYTES = 15_000_000  # the least that tantivy takes


class IndexFolder:
    """Readers that see every commit, also another process's, and one writer at a time.

    Each document has ``id`` (stored), ``words`` and ``common``: analysed words joined by spaces, which
    tantivy only cuts at the spaces. Raises IndexMissingError where the folder holds no usable index.
    """

    def __init__(self, path: Path) -> None:
        import tantivy

        self.path = path
        self._meta = path / "meta.json"
        self._stamp = self._stamp_now()
        try:
            self._index = tantivy.Index(make_schema(), str(path))
            self._index.config_reader("manual")  # any other policy keeps a polling thread
            self._index.reload()
        except (ValueError, OSError) as error:
            raise IndexMissingError(
                f"The lexical index {path.name} cannot be opened ({error}); run 'reindex' to rebuild it."
            ) from error

    @classmethod
    def create(cls, path: Path) -> None:
        """Make an empty index; a complete one is left alone, a half-made one is completed."""
        import tantivy

        path.mkdir(parents=True, exist_ok=True)
        with locked(path):
            if not (path / "meta.json").exists():
                tantivy.Index(make_schema(), str(path))

    def searcher(self) -> Any:
        """A snapshot of the last commit."""
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._index.reload()
            self._stamp = stamp
        return self._index.searcher()

    @contextmanager
    def writer(self) -> Iterator[Any]:
        """A writer whose changes are committed, durable and visible, when the block ends well."""
        try:
            with locked(self.path):
                self._stamp_now()
                writer = self._index.writer(_WRITER_BYTES, 1)
                try:
                    yield writer
                    writer.commit()
                finally:
                    writer.wait_merging_threads()
        except (ValueError, OSError) as error:
            with suppress(OSError):
                self._sweep()
            raise UnreachableError(
                f"The lexical index {self.path.name} could not be written: {error}. "
                "See whether the disk is full or read-only, then try again."
            ) from error

    def _sweep(self) -> None:
        """Remove the lists of deleted entries that no commit names: a writer that was killed left them, and
        the next one cannot write a list of the same name."""
        with locked(self.path):
            segments = json.loads(self._meta.read_bytes())["segments"]
            named = {
                f"{segment['segment_id'].replace('-', '')}.{segment['deletes']['opstamp']}.del"
                for segment in segments
                if segment.get("deletes")
            }
            for path in self.path.glob("*.del"):
                if path.name not in named:
                    path.unlink(missing_ok=True)

    def _stamp_now(self) -> tuple[int, int]:
        try:
            state = self._meta.stat()
        except FileNotFoundError:
            raise IndexMissingError(
                f"There is no lexical index {self.path.name}; run 'reindex' to rebuild it."
            ) from None
        return state.st_ino, state.st_mtime_ns


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for the folder's writer lock; it excludes threads and processes and dies with its owner."""
    try:
        lock = (path / ".writer.lock").open("w")
    except FileNotFoundError:
        raise IndexMissingError(
            f"There is no lexical index {path.name}; run 'reindex' to rebuild it."
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_schema() -> Any:
    """The fields of every index: a query made for one is good for all."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for field in ("words", "common"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()
