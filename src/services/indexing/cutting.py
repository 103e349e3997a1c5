"""Which passages a document is cut into by a release of the parser: the part of an index's version that is
kept with each document."""

from __future__ import annotations

import hashlib
from typing import Protocol

CUTTING_FACT = "cutting"
"""The version of the parser that every document was last compared with."""


class Named(Protocol):
    """What the parser goes by beside the bytes of a document: a record, or some of its columns."""

    @property
    def path(self) -> str | None: ...

    @property
    def external_id(self) -> str: ...

    @property
    def media_type(self) -> str | None: ...


class Cut(Named, Protocol):
    """What is known of a document's passages."""

    @property
    def content_hash(self) -> str: ...

    @property
    def live_hash(self) -> str | None: ...

    @property
    def live_version(self) -> str | None: ...


def version_of(document: Named, cutting: str, content_hash: str) -> str:
    """Names the set of passages that parsing these bytes of a document gives: it depends on the bytes, on
    the parser with its settings (``cutting``, its version), and on what the parser goes by besides (the
    name's suffix and the media type)."""
    name = document.path or document.external_id
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    parts = (content_hash, cutting, suffix, document.media_type or "")
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def cut_otherwise(document: Cut, cutting: str) -> bool:
    """Whether the passages that are searched were cut by another parser, or with other settings."""
    searched = document.live_version is not None and document.live_hash == document.content_hash
    return searched and document.live_version != version_of(document, cutting, document.content_hash)
