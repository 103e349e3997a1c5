"""The fine-tuner agent: ratings become memory, training data and candidates for the ranking."""

from .agent import FineTunerAgent

__all__ = ["FineTunerAgent"]
