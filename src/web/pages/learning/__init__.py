"""What Stoa learned: the loop, the ratings, the models, and how each came to rank."""

from . import (
    board,
    decisions,
    indexes,
    insights,
    mine,
    ratings,
    replay,
    training,
    trials,
    trying,
    uncut,
    views,
)
from .blueprint import blueprint

__all__ = [
    "blueprint",
    "board",
    "decisions",
    "indexes",
    "insights",
    "mine",
    "ratings",
    "replay",
    "training",
    "trials",
    "trying",
    "uncut",
    "views",
]
