"""The vector and the lexical index of a collection, written together."""

from .cuts import Cuts
from .making import Making
from .vectors import PassageVectors
from .writer import IndexedPassage, IndexWriter

__all__ = ["Cuts", "IndexWriter", "IndexedPassage", "Making", "PassageVectors"]
