"""Comparisons of ways to answer: half of the readers get one, half the other, and their verdicts decide."""

from .judging import SplitLooks
from .starting import Splits

__all__ = ["SplitLooks", "Splits"]
