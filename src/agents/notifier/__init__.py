"""The notifier agent: tells those outside of alerts."""

from .agent import NotifierAgent

__all__ = ["NotifierAgent"]
