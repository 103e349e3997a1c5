"""The parser that the ingestion agent gets: every document is read in a child process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from src.core.errors import ConfigurationError, DocumentError, UnavailableError
from src.core.passages import CONFIGURED, Chunking, ParsedDocument
from src.core.ports import File

from .child import Child
from .limits import ParsingLimits
from .parser import check_size, parser_version

_LOOK_AHEAD = 8  # documents for each process
_LEAST_TOKENS = 96


class IsolatedParser:
    """Runs ``DocumentParser`` in up to ``processes`` persistent child processes.

    A child that exceeds the time or the memory of one document is killed and replaced, and the document
    fails with ``timeout``, ``out_of_memory`` or ``crashed``. Safe to use from many threads; whoever
    comes while all children are busy waits. Close it to end the children; they also end with this process.
    """

    def __init__(
        self,
        *,
        tokenizer: Path | None,
        max_tokens: int,
        limits: ParsingLimits,
        processes: int = 1,
        most_tokens: int | None = None,
    ) -> None:
        """``most_tokens`` is what the model sees of a text, where that is more than ``max_tokens``."""
        if tokenizer is not None and not tokenizer.is_file():
            raise ConfigurationError(f"there is no tokenizer at {tokenizer}; check the embedding model")
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._most_tokens = most_tokens or max_tokens
        self._limits = limits
        self._version = parser_version(tokenizer, max_tokens)
        self._idle: SimpleQueue[Child | None] = SimpleQueue()
        for _ in range(processes):
            self._idle.put(None)
        self._processes = processes
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="parsing")
        self._lock = threading.Lock()
        self._children: set[Child] = set()
        self._closed = False

    @property
    def version(self) -> str:
        """Changes whenever the same bytes may give other passages."""
        return self._version

    def cut_by(self, cutting: str) -> IsolatedParser | ChunkedParser:
        """Raises UnavailableError where the model does not see as much of a text, or so little is no text."""
        if cutting == CONFIGURED:
            return self
        chunking = Chunking.of(cutting)
        if chunking is None or chunking.name != cutting:
            raise UnavailableError(f"There is no way to cut documents that is named {cutting!r}.")
        if not _LEAST_TOKENS <= chunking.tokens <= self._most_tokens:
            raise UnavailableError(
                f"Passages of {chunking.tokens} tokens cannot be made: the embedding model sees "
                f"{self._most_tokens} of a text, and below {_LEAST_TOKENS} little is left beside the context."
            )
        if 2 * chunking.overlap > chunking.tokens:
            raise UnavailableError("A part can repeat at most half of a passage of the part before it.")
        return ChunkedParser(self, cutting, f"{parser_version(self._tokenizer, chunking.tokens)}/{cutting}")

    def parse(
        self, content: bytes, *, name: str, media_type: str | None, cutting: str | None = None
    ) -> ParsedDocument:
        """Raises DocumentError where the bytes cannot be read within the limits."""
        check_size(content, self._limits)
        child = self._idle.get()
        try:
            if child is None or not child.alive:
                self._forget(child)
                child = self._start()
            return child.parse(content, name, media_type, cutting)
        except DocumentError:
            if self._closed:
                raise _stopped() from None
            raise
        finally:
            if child is not None and not child.alive:
                self._forget(child)
                child = None
            self._idle.put(child)

    def parse_many(
        self, files: Sequence[File], cutting: str | None = None
    ) -> Iterator[ParsedDocument | Exception]:
        """Results in order, read ahead of the consumer by a bounded number of documents."""
        ahead: deque[Future[ParsedDocument]] = deque()
        coming = iter(files)
        try:
            while True:
                while len(ahead) < self._processes * _LOOK_AHEAD and (file := next(coming, None)):
                    content, name, media_type = file
                    ahead.append(
                        self._threads.submit(
                            self.parse, content, name=name, media_type=media_type, cutting=cutting
                        )
                    )
                if not ahead:
                    return
                yield _outcome(ahead.popleft())
        finally:
            for future in ahead:
                future.cancel()

    def close(self) -> None:
        """End the children; a document in work fails with ``interrupted`` and may be tried again."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for _ in range(self._processes):
            self._forget(self._idle.get())
        for _ in range(self._processes):
            self._idle.put(None)  # whoever still waits for a child learns that there are none

    def _start(self) -> Child:
        with self._lock:
            if self._closed:
                raise _stopped()
            child = Child(self._tokenizer, self._max_tokens, self._limits)
            self._children.add(child)
        return child

    def _forget(self, child: Child | None) -> None:
        if child is not None:
            child.close()
            with self._lock:
                self._children.discard(child)


class ChunkedParser:
    """The same processes, cutting otherwise than configured."""

    def __init__(self, parser: IsolatedParser, cutting: str, version: str) -> None:
        self._parser = parser
        self._cutting = cutting
        self._version = version

    @property
    def version(self) -> str:
        """Names the settings too: what is cut by these and by the same as configured are two things."""
        return self._version

    def parse(self, content: bytes, *, name: str, media_type: str | None) -> ParsedDocument:
        return self._parser.parse(content, name=name, media_type=media_type, cutting=self._cutting)

    def parse_many(self, files: Sequence[File]) -> Iterator[ParsedDocument | Exception]:
        return self._parser.parse_many(files, self._cutting)

    def cut_by(self, cutting: str) -> IsolatedParser | ChunkedParser:
        return self._parser.cut_by(cutting)

    def close(self) -> None:
        """The processes end with the parser that has them."""


def _outcome(future: Future[ParsedDocument]) -> ParsedDocument | Exception:
    try:
        error = future.exception()
    except CancelledError:
        return _stopped()
    if isinstance(error, Exception):
        return error
    return future.result()


def _stopped() -> DocumentError:
    detail = "Reading the document was interrupted by a shutdown; it will be tried again."
    return DocumentError("interrupted", detail, stage="parsing", retryable=True)
