"""What the parts of a model are called for people who did not build it."""

from __future__ import annotations

KINDS = {
    "default": "the default",
    "ranker": "learned ranking",
    "embedding": "tuned embedding model",
    "chunker": "other passages",
    "weights": "weights set by hand",
    "settings": "way to answer",
}
"""Kinds of models."""

TRAINERS = {"ladder": "ranking", "full": "embedding model"}
"""What a trainer that comes with Stoa trains."""

DECISIONS = {"promote": "promoted", "reject": "rejected", "return": "returned", "superseded": "ended early"}
"""What a comparison ended with; other ends are called what they are."""

CAUSES = {
    "nothing_indexed": "Nothing is indexed about it",
    "not_retrieved": "Indexed, but not found",
    "not_used": "Found, but not used in the answer",
    "ranked_low": "Found too far down",
    "outdated": "The source is outdated",
    "unclear_question": "The question is unclear",
    "wording": "Asked in other words than the documents use",
    "unknown": "The cause is unknown",
}
"""Why questions fail."""


def decider(name: str) -> str:
    """Who decided: a person by name, an agent by what it is."""
    kind, colon, agent = name.partition(":")
    return f"the {agent.replace('_', ' ')}" if colon and kind == "agent" else name
