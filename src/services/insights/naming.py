"""Plain words for a group of questions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from math import log, sqrt

Words = Callable[[str], Sequence[str]]
"""The content words of a text: stems, without stop words."""

_TOKEN = re.compile(r"\w(?:[\w./+#'’-]*[\w+#])?")
_PRIOR = 0.5
_LONGEST = 40
_SAY_LITTLE = """
about after all also any anyone because been before being can could doing during each find get getting
give go good had has have having he her here him his how if its just like made make many may me more most
much must my need needs no not off one only or other our out please possible should so some someone still
taken taking tell than them thing things think those too use used using want wants way we were where
while with work working would you your
"""
"""Words of questions that name no topic; the index needs some of them, since code may be called so."""


class Wording:
    """The words of all questions, and how readers write them."""

    def __init__(self, questions: Sequence[str], words: Words) -> None:
        self._stems = [frozenset(words(question)) for question in questions]
        self._all = Counter(stem for stems in self._stems for stem in stems)
        self._written: dict[str, Counter[str]] = {}
        little = frozenset(_SAY_LITTLE.split())
        for question in questions:
            for token in _TOKEN.findall(question):
                if token.casefold() in little or (len(token) == 1 and token.islower()):
                    continue  # a letter alone names a variable; C and R are languages
                for stem in words(token):
                    self._written.setdefault(stem, Counter())[token] += 1

    def telling(self, places: Sequence[int], most: int = 3) -> tuple[str, ...]:
        """The words that tell the questions at ``places`` from all others, the most telling first.

        They are ranked by the z-score of the log-odds ratio with an informative Dirichlet prior (B. Monroe
        and others, "Fightin' Words", 2008), counting each word once for a question. A word counts where at
        least a third of the questions, and two of several, have it.
        """
        here = Counter(stem for place in places for stem in self._stems[place])
        enough = max(min(2, len(places)), len(places) / 3)
        ranked = sorted(
            (stem for stem, count in here.items() if count >= enough and stem in self._written),
            key=lambda stem: (-self._score(stem, here, len(places)), stem),
        )
        names: dict[str, None] = {}
        for stem in ranked:
            name = self._name(stem)
            if name.casefold() not in map(str.casefold, names):
                names[name] = None
            if len(names) == most:
                break
        return tuple(names)

    def _score(self, stem: str, here: Counter[str], count: int) -> float:
        others = len(self._stems) - count
        inside, outside = here[stem], self._all[stem] - here[stem]
        prior = _PRIOR * self._all[stem] / len(self._stems) + 1e-2
        ratio = log((inside + prior) / (count - inside + _PRIOR)) - log(
            (outside + prior) / (others - outside + _PRIOR)
        )
        return ratio / sqrt(1 / (inside + prior) + 1 / (outside + prior))

    def _name(self, stem: str) -> str:
        """As most readers write it; of several ways the shortest."""
        ways = self._written[stem]
        best = min(ways, key=lambda way: (-ways[way], len(way), way))
        return best[:_LONGEST]


def phrase(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
