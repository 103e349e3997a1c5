"""Collections: what is in them, where it comes from, and what became of it."""

from . import actions, sources, views
from .blueprint import blueprint

__all__ = ["actions", "blueprint", "sources", "views"]
