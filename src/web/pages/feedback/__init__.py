"""Rating what was answered and found, beside where it stands."""

from .views import blueprint

__all__ = ["blueprint"]
