"""The accounts agent: users, sign-in and tokens."""

from .agent import AccountsAgent

__all__ = ["AccountsAgent"]
