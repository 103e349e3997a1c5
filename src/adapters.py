"""Everything outside the process, made from the settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from src.core.bus import Broker
from src.core.errors import ConfigurationError
from src.core.ports import (
    Blobs,
    ChatModel,
    Embedder,
    LexicalIndex,
    Parser,
    SourceReader,
    Vault,
    VectorIndex,
)
from src.core.settings import Settings
from src.database.models import EmbeddingRecord
from src.database.uow import Database
from src.services.chat.models import ChatModels
from src.services.embeddings.versions import Embedders, EmbeddingSource

if TYPE_CHECKING:
    from src.services.embeddings.models import EmbeddingModel, ModelFiles

OwnModels = Mapping[str, "Callable[[Settings], EmbeddingModel]"]
"""Embedding models that are classes of their own, by the name that the configuration has for them."""


@dataclass(frozen=True)
class Adapters:
    """The adapters of one application."""

    embedders: Embedders
    find_base: Callable[[], ModelFiles | None]
    vectors: VectorIndex
    lexical: LexicalIndex
    parser: Parser
    blobs: Blobs
    vault: Vault
    readers: dict[str, SourceReader]
    broker: Broker
    chats: ChatModels

    @classmethod
    def from_settings(
        cls, settings: Settings, database: Database, secret: bytes, models: OwnModels | None = None
    ) -> Adapters:
        """Make each as the settings say, ``models`` being ``own_models()``. Raises ConfigurationError."""
        from src.services.blobs import FileBlobs
        from src.services.vault import FileVault

        vectors = _vectors(settings)
        own = own_models() if models is None else models
        try:
            blobs = FileBlobs(settings.data_dir / "blobs")
            open_ = partial(open_embedder, settings, blobs, own=own)
            embedder = open_(_configured(settings))
            return cls(
                embedders=Embedders(database, embedder, _configured(settings), open_),
                find_base=partial(base_model, settings, own),
                vectors=vectors,
                lexical=_lexical(settings, database),
                parser=_parser(settings, embedder, embedder.tokenizer_path),
                blobs=blobs,
                vault=FileVault(secret),
                readers=_readers(settings),
                broker=_broker(settings, database),
                chats=ChatModels(_chat(settings, settings.llm_model), partial(_named, settings)),
            )
        except BaseException:
            vectors.close()
            raise

    @property
    def embedder(self) -> Embedder:
        """The configured one."""
        return self.embedders.current

    def close(self) -> None:
        self.broker.close()
        self.parser.close()
        self.lexical.close()
        self.vectors.close()


def _vectors(settings: Settings) -> VectorIndex:
    from src.services.vectors.chroma import ChromaVectorIndex

    if settings.chroma_url:
        return ChromaVectorIndex.server(settings.chroma_url)
    return ChromaVectorIndex.embedded(settings.data_dir / "chroma")


def _lexical(settings: Settings, database: Database) -> LexicalIndex:
    from src.services.text.analyser import Analyser

    if database.dialect == "postgresql":
        from src.services.lexical.postgres import PostgresLexicalIndex

        return PostgresLexicalIndex(database.engine, Analyser())
    from src.services.lexical.embedded import EmbeddedLexicalIndex

    return EmbeddedLexicalIndex(settings.data_dir / "lexical", Analyser())


def _configured(settings: Settings) -> EmbeddingSource:
    return EmbeddingSource(settings.embedding_model, settings.embedding_precision)


def own_models() -> OwnModels:
    """Another embedding model that is a class is one line here."""
    return {}


def base_model(settings: Settings, own: OwnModels) -> ModelFiles | None:
    """The files of the configured embedding model, None where it is a class. Raises ConfigurationError where
    there is no such model."""
    from src.services.embeddings.catalog import find_model

    if settings.embedding_model in own:
        return None
    return find_model(settings.embedding_model, hub_cache=settings.data_dir / "models" / "hub")


def open_embedder(
    settings: Settings, blobs: Blobs, source: EmbeddingSource, *, own: OwnModels
) -> EmbeddingModel:
    """Raises ConfigurationError where there is no such model, NotFoundError where its file is gone."""
    from src.services.embeddings.catalog import find_model
    from src.services.embeddings.embedder import OnnxEmbedder
    from src.services.embeddings.layouts import read_folder
    from src.services.training.bundle import unpack

    if source.artefact is None and source.model in own:
        return own[source.model](settings)
    models = settings.data_dir / "models"
    if source.artefact is None:
        files = find_model(source.model, hub_cache=models / "hub")
    else:
        folder = unpack(blobs.get(source.artefact), source.artefact, models / "trained")
        files = read_folder(folder, name=source.model)
    return OnnxEmbedder(
        files,
        threads=settings.embedding_threads or os.cpu_count() or 1,
        precision=source.precision,
        cache_dir=models,
    )


def forget_trained(settings: Settings, record: EmbeddingRecord) -> None:
    """Remove what this machine made of a trained embedding model; its bytes go with the blobs' sweep."""
    from src.services.training.bundle import remove

    if record.artefact is not None:
        models = settings.data_dir / "models"
        remove(models / "trained" / record.artefact, models / record.version)


def _parser(settings: Settings, embedder: Embedder, tokenizer: Path | None) -> Parser:
    from src.services.parsing.isolated import IsolatedParser
    from src.services.parsing.limits import ParsingLimits

    return IsolatedParser(
        tokenizer=tokenizer,
        max_tokens=min(settings.passage_tokens or embedder.max_tokens, embedder.max_tokens),
        most_tokens=embedder.max_tokens,
        limits=ParsingLimits(
            max_bytes=settings.max_file_bytes,
            max_unpacked_bytes=settings.max_unpacked_bytes,
            max_pages=settings.max_pages,
            seconds_per_file=settings.parse_timeout_s,
        ),
    )


def _readers(settings: Settings) -> dict[str, SourceReader]:
    from src.services.parsing.selection import skip_reason
    from src.services.sources.folder import FolderLimits, FolderSource
    from src.services.sources.git import GitLimits, GitSource
    from src.services.sources.stdlib import stdlib_folder

    skip = partial(skip_reason, max_bytes=settings.max_file_bytes)
    closed = (settings.data_dir,)
    folder = FolderSource(
        (*settings.folder_roots, stdlib_folder()),
        skip,
        FolderLimits(max_file_bytes=settings.max_file_bytes),
        closed,
    )
    git = GitSource(
        settings.data_dir / "clones",
        settings.folder_roots,
        skip,
        GitLimits(max_file_bytes=settings.max_file_bytes),
        closed,
    )
    return {folder.kind: folder, git.kind: git}


def _broker(settings: Settings, database: Database) -> Broker:
    scheme = settings.bus_url.partition(":")[0]
    if scheme == "sql":
        from src.services.brokers.sql import SqlBroker

        return SqlBroker(database)
    raise ConfigurationError(f"STOA_BUS_URL names {scheme!r}; the event bus runs on sql: only.")


def _named(settings: Settings, name: str) -> ChatModel:
    """Another model of the provider. Raises ConfigurationError where there is no provider."""
    found = _chat(settings, name)
    if found is None:
        raise ConfigurationError("STOA_LLM is extractive: there are no language models to choose from.")
    return found


def _chat(settings: Settings, model: str | None) -> ChatModel | None:
    """The provider's model of that name, its default for None; None where answers are extracts."""
    provider = settings.llm_provider
    if provider == "extractive":
        return None
    if provider == "anthropic":
        from src.services.chat.anthropic import AnthropicChat

        key = settings.anthropic_api_key
        if key is None and settings.anthropic_base_url is None:
            raise ConfigurationError("STOA_LLM is anthropic: set ANTHROPIC_API_KEY, or extractive instead.")
        return AnthropicChat(
            api_key=key.get_secret_value() if key else None,
            model=model,
            base_url=settings.anthropic_base_url,
            citations=settings.llm_citations,
        )
    from src.services.chat.openai import OpenAIChat

    key = settings.openai_api_key
    if key is None and settings.openai_base_url is None:
        raise ConfigurationError("STOA_LLM is openai: set OPENAI_API_KEY or OPENAI_BASE_URL.")
    return OpenAIChat(
        api_key=key.get_secret_value() if key else None,
        model=model,
        base_url=settings.openai_base_url,
    )
