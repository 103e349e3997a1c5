"""The agent status console: what each agent does, what happened, and what went wrong."""

from . import alerts, steering, views
from .blueprint import blueprint

__all__ = ["alerts", "blueprint", "steering", "views"]
