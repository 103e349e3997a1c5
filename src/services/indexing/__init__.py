"""The vector and the lexical index of a collection, written together."""

from .writer import IndexedPassage, IndexWriter

__all__ = ["IndexWriter", "IndexedPassage"]
