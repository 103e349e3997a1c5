"""The reader's own account, and for administrators everyone's."""

from .views import blueprint

__all__ = ["blueprint"]
