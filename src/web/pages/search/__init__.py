"""Search: the ranked passages themselves, with their scores and times."""

from .views import blueprint

__all__ = ["blueprint"]
