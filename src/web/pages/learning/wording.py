"""What the parts of a model are called for people who did not build it."""

from __future__ import annotations

KINDS = {
    "default": "the default",
    "ranker": "learned ranking",
    "embedding": "tuned embedding model",
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

ACTIONS = {
    "add_source": "Add a source",
    "reingest": "Read the document again",
    "train": "Train",
    "new_template": "Try another template",
    "fix_document": "Correct the document",
    "look": "Look at the examples",
    "wait": "Nothing to do",
}
"""What could be done about it."""

_MEANING = "how close it is in meaning to the question"
_WORDS = "how well its words match the question's"
_AMONG = "compared with the other candidates"
FEATURES = {
    "cosine": _MEANING,
    "cosine_z": f"{_MEANING}, {_AMONG}",
    "cosine_rank": f"{_MEANING}, by its place among the candidates",
    "bm25": _WORDS,
    "bm25_share": f"{_WORDS}, as a share of the best match",
    "bm25_z": f"{_WORDS}, {_AMONG}",
    "bm25_rank": f"{_WORDS}, by its place among the candidates",
    "identifiers": "holds the exact names that the question uses",
    "coverage": "holds the question's words, rare ones above all",
    "rarest": "holds the rarest word of the question",
    "title_coverage": "holds the question's words in its title",
    "opening_coverage": "holds the question's words in its first line",
    "lead_coverage": "holds the question's words in its title or beginning",
    "title_precision": "its title is about the question and little else",
    "opening_precision": "its first line is about the question and little else",
    "precision": "is about the question and little else",
    "pairs": "holds words side by side that stand so in the question",
    "trigrams": "its title is spelled like the question",
    "quotations": "holds word for word what the question puts in quotes",
    "numbers": "holds the question's numbers",
    "length": "how long it is",
    "adapted cosine": "how close it is in meaning to the question as votes taught to read it",
    "helped before": "helped with a question like this one",
}
"""What a feature says of a passage."""


def decider(name: str) -> str:
    """Who decided: a person by name, an agent by what it is."""
    kind, colon, agent = name.partition(":")
    return f"the {agent.replace('_', ' ')}" if colon and kind == "agent" else name
