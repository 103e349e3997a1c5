"""Sources, documents, passages and cached vectors."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Code, Cutting, Digest, JsonList, JsonObject, Key, Moment, Ref


class SourceRecord(Base):
    """A repository or folder that a collection follows. ``credential`` is sealed by the vault.
    ``revision`` is what the last run that ended well had seen; the next one starts from it."""

    __tablename__ = "sources"

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Code]
    location: Mapped[str] = mapped_column(Text)
    branch: Mapped[str | None] = mapped_column(String(250))
    include: Mapped[JsonList]
    exclude: Mapped[JsonList]
    schedule: Mapped[str | None] = mapped_column(String(100))
    credential: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    revision: Mapped[str | None] = mapped_column(String(200))
    last_run_at: Mapped[Moment | None]
    next_run_at: Mapped[Moment | None]
    last_job_id: Mapped[Ref | None]
    error_code: Mapped[Code | None]
    error_detail: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[JsonObject]
    created_at: Mapped[Moment]


class SkippedFileRecord(Base):
    """A file that the last run of a source left out."""

    __tablename__ = "skipped_files"
    __table_args__ = (UniqueConstraint("source_id", "path_digest"),)

    id: Mapped[Key]
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(Text)
    path_digest: Mapped[Digest]
    code: Mapped[Code]
    detail: Mapped[str] = mapped_column(Text)


class DocumentRecord(Base):
    """A document: ``content_hash`` names the bytes wanted, ``live_hash`` those that are searched.

    ``version`` also takes in how the bytes were parsed: it names a set of passages. ``live_version`` is
    the set that is searched.

    ``external_digest`` is the SHA-256 of source and external id, unique in a collection. ``job_id`` is
    the ingestion that will bring a queued document to its end.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("collection_id", "external_digest"),
        Index("ix_documents_collection_state", "collection_id", "state"),
        Index("ix_documents_live_version", "live_version"),
        Index(
            "ix_documents_failed",
            "updated_at",
            sqlite_where=text("error_code IS NOT NULL"),
            postgresql_where=text("error_code IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    source_id: Mapped[str | None] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[str | None] = mapped_column(String(64), index=True)
    external_id: Mapped[str] = mapped_column(Text)
    external_digest: Mapped[Digest]
    title: Mapped[str] = mapped_column(Text)
    uri: Mapped[str | None] = mapped_column(Text)
    path: Mapped[str | None] = mapped_column(Text)
    media_type: Mapped[str | None] = mapped_column(String(200))
    format: Mapped[str | None] = mapped_column(String(60))
    live_format: Mapped[str | None] = mapped_column(String(60))
    version: Mapped[Digest | None]
    live_version: Mapped[Digest | None]
    size: Mapped[int] = mapped_column(BigInteger)
    file_revision: Mapped[str | None] = mapped_column(String(200))
    commit: Mapped[str | None] = mapped_column(String(200))
    content_hash: Mapped[Digest]
    live_hash: Mapped[Digest | None]
    readable_hash: Mapped[Digest | None]
    state: Mapped[str] = mapped_column(String(20))
    error_stage: Mapped[Code | None]
    error_code: Mapped[Code | None]
    error_detail: Mapped[str | None] = mapped_column(Text)
    error_retryable: Mapped[bool | None]
    attempts: Mapped[int]
    notices: Mapped[JsonList]
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSON)
    passage_count: Mapped[int]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    indexed_at: Mapped[Moment | None]


class DocumentVersionRecord(Base):
    """Bytes that a document once had and that answers may cite; they are kept while the document is."""

    __tablename__ = "document_versions"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    readable_hash: Mapped[Digest | None]
    format: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[Moment]


class CutRecord(Base):
    """How a document stands in a cutting that is not searched: ``version`` names the set of its passages
    there. With an ``error_code`` it could not be cut so, and has none."""

    __tablename__ = "document_cuts"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    cutting: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[Digest]
    passages: Mapped[int]
    error_code: Mapped[Code | None]
    error_detail: Mapped[str | None] = mapped_column(Text)


class CounterpartRecord(Base):
    """What stands in a cutting at the place of a passage that was voted on in another one, both named by
    their content."""

    __tablename__ = "counterparts"

    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    cutting: Mapped[str] = mapped_column(String(200), primary_key=True)
    content_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    counterpart_key: Mapped[str] = mapped_column(String(64), primary_key=True)


class PassageRecord(Base):
    """A passage of one version of a document in one ``cutting``. It is ``live`` when it is of what the
    document is searched with; searches find it in the indexes of its cutting.

    ``embedding_key`` names the vector in ``vectors``: the digest of the passage's own text and context,
    so that the same content is embedded once wherever it stands.
    """

    __tablename__ = "passages"
    __table_args__ = (Index("ix_passages_document", "document_id", "version", "ordinal"),)

    id: Mapped[Key]
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    collection_id: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[Digest]
    cutting: Mapped[Cutting]
    ordinal: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    symbol: Mapped[str | None] = mapped_column(Text)
    context: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    location: Mapped[JsonObject]
    attributes: Mapped[JsonObject]
    embedding_key: Mapped[str] = mapped_column(String(64), index=True)
    live: Mapped[bool]


class VectorRecord(Base):
    """An embedded text: little-endian float32 bytes. It survives its passages for a while, so that what
    comes back is not embedded again."""

    __tablename__ = "vectors"

    embedding_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    embedding_version: Mapped[str] = mapped_column(String(200), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
