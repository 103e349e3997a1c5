"""The indexing agent: keeps the vector and lexical stores true to SQL."""

from .agent import IndexingAgent

__all__ = ["IndexingAgent"]
