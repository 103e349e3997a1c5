"""The retrieval agent: hybrid search over the collections that the caller may read."""

from .agent import RetrievalAgent

__all__ = ["RetrievalAgent"]
