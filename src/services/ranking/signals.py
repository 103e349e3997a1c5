"""The features that Stoa comes with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .features import Feature, Floats, QuestionPool, share_of
from .words import PassageWords

_RANK = 10.0


@dataclass(frozen=True)
class Score:
    """A stage's score: as it is, relative to the pool, or by rank."""

    name: str
    of: Callable[[QuestionPool], Floats]

    def values(self, pool: QuestionPool) -> Floats:
        return self.of(pool)


@dataclass(frozen=True)
class Cosine:
    """What depends on the candidates' cosines alone, so that it can be told for those of another model."""

    name: str
    of: Callable[[Floats], Floats]

    def values(self, pool: QuestionPool) -> Floats:
        return self.of(pool.dense)


@dataclass(frozen=True)
class Coverage:
    """Share of the question's stems, weighted by rarity, that stand in a part of the passage."""

    name: str
    part: Callable[[PassageWords], frozenset[str]]

    def values(self, pool: QuestionPool) -> Floats:
        found = pool.found([self.part(words) for words in pool.words])
        return np.asarray(found @ pool.rarity)


@dataclass(frozen=True)
class Precision:
    """Share of the stems of a part of the passage that the question asks for."""

    name: str
    part: Callable[[PassageWords], frozenset[str]]

    def values(self, pool: QuestionPool) -> Floats:
        stems = frozenset(pool.question.stems)
        return np.array([share_of(self.part(words), stems) for words in pool.words])


@dataclass(frozen=True)
class BodyCoverage:
    """Share of the question's stems, weighted by rarity, found anywhere in the passage."""

    name: str = "coverage"

    def values(self, pool: QuestionPool) -> Floats:
        return np.asarray(pool.body @ pool.rarity)


@dataclass(frozen=True)
class RarestStem:
    """Whether the question's rarest stem stands in the passage."""

    name: str = "rarest"

    def values(self, pool: QuestionPool) -> Floats:
        if not pool.question.stems:
            return np.zeros(len(pool.words))
        return np.asarray(pool.body[:, int(np.argmax(pool.rarity))], float)


@dataclass(frozen=True)
class Pairs:
    """Share of the question's neighbouring words that are neighbours in the passage."""

    name: str = "pairs"

    def values(self, pool: QuestionPool) -> Floats:
        pairs = pool.question.pairs
        count = max(1, len(pairs))
        return np.array([len(pairs & words.pairs) / count for words in pool.words])


@dataclass(frozen=True)
class Trigrams:
    """Share of the question's character trigrams in the title, or the first line where there is none."""

    name: str = "trigrams"

    def values(self, pool: QuestionPool) -> Floats:
        grams = pool.question.trigrams
        return np.array([share_of(grams, words.trigrams) for words in pool.words])


@dataclass(frozen=True)
class Quotations:
    """Share of what the question puts in quotes that stands in the passage word for word."""

    name: str = "quotations"

    def values(self, pool: QuestionPool) -> Floats:
        wanted = pool.question.quotations
        if not wanted:
            return np.zeros(len(pool.words))
        return np.array([sum(q in words.lowered for q in wanted) / len(wanted) for words in pool.words])


@dataclass(frozen=True)
class Numbers:
    """Share of the question's numbers found in the passage."""

    name: str = "numbers"

    def values(self, pool: QuestionPool) -> Floats:
        wanted = pool.question.numbers
        if not wanted:
            return np.zeros(len(pool.words))
        return np.array([share_of(wanted, words.numbers) for words in pool.words])


@dataclass(frozen=True)
class Length:
    """Logarithm of the number of stems."""

    name: str = "length"

    def values(self, pool: QuestionPool) -> Floats:
        return np.asarray(np.log1p([float(words.length) for words in pool.words]))


def standard_features() -> tuple[Feature, ...]:
    """In the order in which they are stored."""
    return (
        *_cosines(),
        Score("bm25", lambda pool: np.log1p(np.maximum(pool.lexical, 0.0))),
        Score("bm25_share", lambda pool: pool.lexical / (pool.lexical.max(initial=0.0) or 1.0)),
        Score("bm25_z", lambda pool: _standardised(pool.lexical)),
        Score("bm25_rank", lambda pool: _by_rank(pool.lexical)),
        Score("identifiers", lambda pool: pool.identifiers),
        BodyCoverage(),
        RarestStem(),
        Coverage("title_coverage", lambda words: words.title),
        Coverage("opening_coverage", lambda words: words.opening),
        Coverage("lead_coverage", lambda words: words.lead),
        Precision("title_precision", lambda words: words.title),
        Precision("opening_precision", lambda words: words.opening),
        Precision("precision", lambda words: words.body),
        Pairs(),
        Trigrams(),
        Quotations(),
        Numbers(),
        Length(),
    )


def with_cosines(names: Sequence[str], table: Floats, dense: Floats) -> Floats:
    """A pool's features ``(candidates, features)`` as they would be with these cosines."""
    changed = table.copy()
    for feature in _cosines():
        if feature.name in names:
            changed[:, names.index(feature.name)] = feature.of(dense)
    return changed


def _cosines() -> tuple[Cosine, ...]:
    return (
        Cosine("cosine", lambda dense: dense),
        Cosine("cosine_z", _standardised),
        Cosine("cosine_rank", _by_rank),
    )


def _standardised(scores: Floats) -> Floats:
    spread = scores.std() if len(scores) else 0.0
    return np.asarray((scores - scores.mean()) / spread) if spread > 1e-9 else np.zeros(len(scores))


def _by_rank(scores: Floats) -> Floats:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.asarray(_RANK / (_RANK + ranks))
