"""Files, imports and sources in, searchable passages out: the ingestion agent and the sources agent."""

from .agent import IngestionAgent
from .sources import SourcesAgent

__all__ = ["IngestionAgent", "SourcesAgent"]
