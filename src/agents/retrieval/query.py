"""A search that can be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field

from src.core.caller import Scope
from src.core.messages.questions import Filters
from src.services.ranking.identifiers import identifiers_of

DEPTH = 100
"""Candidates taken from each vector index."""
WORDS_DEPTH = 150
"""Candidates taken from each lexical index, which lists them while the query is still being embedded: the
further down, the fewer of the others can be among the first and lack their words."""
LEARNED_DEPTH = 50
"""Candidates of each list that learned weights rank: the pool that they are fitted on."""
SPARE = 2
"""Ranked passages beyond those that are shown, to take the place of what is folded or gone. Where that is not
enough, more are ranked; where it is, less is read."""
SPARE_AT_ONCE = 10
"""The same where all candidates are ranked anyway."""
READ_AHEAD = 20
"""Of the best by words, those whose vectors and texts are read while the vector index is still asked for
others: they are often among the first."""


@dataclass(frozen=True)
class Query:
    """A text with the scope of its caller, without which there is no search; ``identifiers`` are the exact
    names that it holds."""

    text: str
    scope: Scope
    k: int
    filters: Filters | None
    identifiers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "identifiers", identifiers_of(self.text))
