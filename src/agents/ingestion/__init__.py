"""The ingestion agent: files, imports and sources in, searchable passages out."""

from .agent import IngestionAgent

__all__ = ["IngestionAgent"]
