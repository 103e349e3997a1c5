"""The team of the feedback tests: what it says is what is learned."""

from tests.integration.feedback.conftest import shared, team

__all__ = ["shared", "team"]
