"""What the features of a passage are called for people who did not build them."""

from __future__ import annotations

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
    "identifiers": "whether it holds the exact names that the question uses",
    "coverage": "whether it holds the question's words, rare ones above all",
    "rarest": "whether it holds the rarest word of the question",
    "title_coverage": "whether it holds the question's words in its title",
    "opening_coverage": "whether it holds the question's words in its first line",
    "lead_coverage": "whether it holds the question's words in its title or beginning",
    "title_precision": "whether its title is about the question and little else",
    "opening_precision": "whether its first line is about the question and little else",
    "precision": "whether it is about the question and little else",
    "pairs": "whether it holds words side by side that stand so in the question",
    "trigrams": "whether its title is spelled like the question",
    "quotations": "whether it holds word for word what the question puts in quotes",
    "numbers": "whether it holds the question's numbers",
    "length": "how long it is",
    "adapted cosine": "how close it is in meaning to the question as votes taught to read it",
    "helped before": "whether it helped with a question like this one",
}
"""What a feature says of a passage."""


def in_words(name: str) -> str:
    """A feature as a noun clause; one that has no words yet by its name."""
    return FEATURES.get(name, name.replace("_", " "))
