"""What the core and the agents need of the outside world, as Protocols; ``services`` implements them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .passages import ParsedDocument

Vectors = NDArray[np.float32]
File = tuple[bytes, str, str | None]  # the content of a file, its name and its media type


class Embedder(Protocol):
    """Turns text into unit vectors of one vector space."""

    @property
    def version(self) -> str:
        """Names the vector space: model, weights, graph and pooling. Vectors of two versions never mix."""

    @property
    def dimensions(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Word pieces that one text may have before it is cut."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit rows, shape ``(len(texts), dimensions)``, in the order of ``texts``."""

    def embed_query(self, text: str) -> Vectors:
        """Return one unit vector, shape ``(dimensions,)``."""


@dataclass(frozen=True)
class Scored:
    """One hit of an index: a passage id and that index's own score, higher is better."""

    passage_id: str
    score: float


class VectorIndex(Protocol):
    """Vectors by index id, the nearest by cosine. To read a missing index raises IndexMissingError."""

    def create(self, index: str, dimensions: int) -> None:
        """Make an empty index; one that exists already is left alone."""

    def upsert(self, index: str, ids: Sequence[str], vectors: Vectors) -> None: ...

    def delete(self, index: str, ids: Sequence[str]) -> None: ...

    def search(
        self, index: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        """The ``k`` nearest, best first, score = cosine; only of ``among`` where it is given."""

    def ids(self, index: str) -> set[str]: ...

    def count(self, index: str) -> int: ...

    def drop(self, index: str) -> None: ...

    def indexes(self) -> set[str]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class LexicalEntry:
    """A passage for the lexical index: its words in natural order; the index analyses them itself."""

    passage_id: str
    title: str
    text: str


class LexicalIndex(Protocol):
    """BM25 over analysed words (identifiers split, stems, stop words left out), by index id."""

    @property
    def version(self) -> str:
        """Names the engine and the analysis; another version needs a rebuild."""

    def create(self, index: str) -> None: ...

    def upsert(self, index: str, entries: Sequence[LexicalEntry]) -> None: ...

    def delete(self, index: str, ids: Sequence[str]) -> None: ...

    def search(self, index: str, query: str, k: int, among: Collection[str] | None = None) -> list[Scored]:
        """The ``k`` best by BM25, best first; empty where no query word is known."""

    def ids(self, index: str) -> set[str]: ...

    def drop(self, index: str) -> None: ...

    def indexes(self) -> set[str]: ...

    def close(self) -> None: ...


class Parser(Protocol):
    """Turns the bytes of one document into passages, isolated and within limits."""

    @property
    def version(self) -> str:
        """Changes whenever the same bytes may give other passages."""

    def parse(self, content: bytes, *, name: str, media_type: str | None) -> ParsedDocument:
        """Raise DocumentError (stage ``parsing`` or ``chunking``) where the bytes cannot be read."""

    def parse_many(self, files: Sequence[File]) -> Iterator[ParsedDocument | Exception]:
        """Results in order, computed ahead in the background; a file's error is yielded, not raised."""

    def cut_by(self, cutting: str) -> Parser:
        """One that cuts as this name says and ends with this one; raises UnavailableError where it cannot."""

    def close(self) -> None: ...


class Blobs(Protocol):
    """Original bytes, addressed by the SHA-256 of their content, durable when ``put`` returns."""

    def put(self, content: bytes) -> str:
        """Store and return the hex digest; storing the same bytes again is free."""

    def get(self, digest: str) -> bytes:
        """Raise NotFoundError where nothing is stored under ``digest``."""

    def has(self, digest: str) -> bool: ...

    def unwanted_since(self, seconds: float) -> Iterator[str]:
        """The digests whose content was last put longer ago than that."""

    def delete(self, digest: str) -> None: ...

    def sweep(self) -> int:
        """Remove what writers that were killed left half-written; return how many files that was."""


class Vault(Protocol):
    """Encrypts small secrets (repository credentials) with the key of the data folder."""

    def seal(self, secret: str) -> str: ...

    def open(self, sealed: str) -> str: ...


@dataclass(frozen=True)
class SourceFile:
    """One file of a source. ``read`` fetches its bytes only when wanted. ``revision`` is a content id
    that changes with the bytes (git blob id, or size and mtime); ``previous_path`` is set for a rename."""

    path: str
    size: int
    revision: str
    read: Callable[[], bytes]
    previous_path: str | None = None


@dataclass(frozen=True)
class SkippedFile:
    """A file of a source that is left out, with a stable reason code and a sentence. With ``unseen`` nothing
    is known of the file this time, or of what is below the folder: what was read of it before stays."""

    path: str
    code: str
    detail: str
    unseen: bool = False


@dataclass(frozen=True)
class SourceChanges:
    """What changed since ``since``. ``complete`` is True for a full listing: paths not in ``files`` or
    ``skipped`` are gone. ``deleted`` names the gone ones of an incremental listing."""

    revision: str | None
    complete: bool
    files: tuple[SourceFile, ...]
    deleted: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True)
class SourceSpec:
    """Where a source is and which of its files are wanted."""

    kind: str
    location: str
    branch: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    credential: str | None = field(default=None, repr=False)


class SourceReader(Protocol):
    """Reads one kind of source. One class for each kind; found by ``kind``."""

    @property
    def kind(self) -> str: ...

    def check(self, spec: SourceSpec) -> SourceSpec:
        """Validate without reading it all; return the spec to store: location cleaned, a credential
        found in the URL moved to ``credential``. Raises SourceError or ForbiddenError."""

    def changes(
        self, spec: SourceSpec, *, source_id: str, since: str | None, report: Callable[[str], None]
    ) -> SourceChanges:
        """Fetch and list. ``since`` is the revision of the last finished sync; ``report`` takes a
        sentence about progress. Raises SourceError."""

    def remove(self, source_id: str) -> None:
        """Remove what is kept of a source (a clone); harmless where nothing is."""


@dataclass(frozen=True)
class ChatPassage:
    """A retrieved passage as a model sees it. ``number`` is its marker, counted from 1."""

    number: int
    title: str
    source: str
    text: str


@dataclass(frozen=True)
class ChatTurn:
    """An earlier question of the conversation and the answer that was given."""

    question: str
    answer: str


@dataclass(frozen=True)
class ChatPrompt:
    """One question with its evidence. Passages are data: an adapter delimits them and never lets their
    text into the system prompt. ``marker_rules`` is added to it for a model that cites by `[n]` markers.
    """

    system: str
    question: str
    passages: tuple[ChatPassage, ...]
    history: tuple[ChatTurn, ...] = ()
    max_tokens: int = 1024
    marker_rules: str = ""


@dataclass(frozen=True)
class TextPiece:
    """The next characters of the answer."""

    text: str


@dataclass(frozen=True)
class CitationPiece:
    """The text streamed since the last citation or sentence end is supported by passage ``number``.
    ``quote`` is the supporting text, verbatim from the passage, or empty where the model gave none."""

    number: int
    quote: str


@dataclass(frozen=True)
class UsagePiece:
    """What the call used, once, as the last piece. ``cost_usd`` is None where the price is unknown."""

    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    stop_reason: str


ChatPiece = TextPiece | CitationPiece | UsagePiece
OnUsage = Callable[[UsagePiece], None]


class ChatModel(Protocol):
    """A language model. Both methods raise ModelError (with its cause in ``code``), also midway."""

    @property
    def name(self) -> str:
        """The model's name as it is stored with an answer."""

    def stream(self, prompt: ChatPrompt, *, timeout_s: float) -> Generator[ChatPiece, None, None]:
        """Answer from the passages, piece by piece; closing the iterator ends the call."""

    def complete(
        self, system: str, text: str, *, max_tokens: int, timeout_s: float, on_usage: OnUsage | None = None
    ) -> str:
        """One short completion without passages; ``on_usage`` is told what the call used."""
