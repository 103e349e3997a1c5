"""What Stoa learned: the loop, the ratings, the models, and how each came to rank."""

from . import decisions, ratings, trials, views
from .blueprint import blueprint

__all__ = ["blueprint", "decisions", "ratings", "trials", "views"]
