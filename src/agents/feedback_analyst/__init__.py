"""The feedback analyst: takes what readers say, checks it, and finds what goes wrong."""

from .agent import FeedbackAnalystAgent

__all__ = ["FeedbackAnalystAgent"]
