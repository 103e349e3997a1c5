"""Collections: what is in them, where it comes from, and what became of it."""

from . import actions, members, sources, views
from .blueprint import blueprint

__all__ = ["actions", "blueprint", "members", "sources", "views"]
