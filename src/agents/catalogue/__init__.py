"""The catalogue agent: collections, and what is in them."""

from .agent import CatalogueAgent

__all__ = ["CatalogueAgent"]
