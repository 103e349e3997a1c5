"""Asking, with answers that stream in, and the stored answers."""

from .views import blueprint

__all__ = ["blueprint"]
