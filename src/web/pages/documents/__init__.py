"""A document: its text with a passage marked, its passages, its state."""

from .views import blueprint

__all__ = ["blueprint"]
