"""The experiment runner: which model ranks, and the proof that another one is better."""

from .agent import ExperimentRunnerAgent

__all__ = ["ExperimentRunnerAgent"]
