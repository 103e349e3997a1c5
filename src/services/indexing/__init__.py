"""The vector and the lexical index of a collection, written together."""

from .vectors import PassageVectors
from .writer import IndexedPassage, IndexWriter

__all__ = ["IndexWriter", "IndexedPassage", "PassageVectors"]
