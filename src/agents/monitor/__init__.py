"""The monitor agent: what the agents do, what waits, what failed."""

from .agent import MonitorAgent

__all__ = ["MonitorAgent"]
