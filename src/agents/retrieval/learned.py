"""Ranking by what readers taught: memory, rank weights and query adapter over a full pool."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from src.core.ports import Vectors
from src.database.repositories.searching import Candidate, LiveIndex
from src.database.repositories.votes import passages_with
from src.database.uow import Work
from src.services.ranking import features
from src.services.ranking.features import FeatureExtractor, QuestionPool
from src.services.ranking.ranker import Ranked
from src.services.ranking.words import PassageWords, Question
from src.services.text.analyser import Analyser

from .filters import Allowed
from .fusion import Placed
from .plan import Choice, Plan
from .pool import Completer, Pool

_KEPT_WORDS = 4000
_FUSION = ("meaning", "words", "names")
_MEMORY = ("memory", "down-votes")


@dataclass(frozen=True)
class FullPool:
    """The candidates of one index with all that a ranker may ask for, row by row; ``vector`` is that of the
    query in the version of ``vectors``."""

    question: QuestionPool
    keys: tuple[str, ...]
    vector: Vectors
    vectors: Vectors


class PoolReader:
    """Reads full pools: the first of both lists of an index, and what memory suggests."""

    def __init__(self, completer: Completer, analyser: Analyser, extractor: FeatureExtractor) -> None:
        self._completer = completer
        self._analyser = analyser
        self.extractor = extractor
        self._words: OrderedDict[str, PassageWords] = OrderedDict()
        self._lock = Lock()

    def suggest(
        self,
        work: Work,
        pool: Pool,
        index: LiveIndex,
        choices: Sequence[Choice],
        vector: Vectors,
        allowed: Allowed,
    ) -> None:
        """Add the passages that helped with questions like this one, as far as the filters leave them."""
        contents = frozenset().union(*(choice.suggested(vector) for choice in choices))
        if not contents:
            return
        among = None if allowed is None else allowed.get((index.collection_id, index.cutting), set())
        listed = pool.listed.setdefault(index.id, [])
        for key in passages_with(work.session, index.collection_id, index.cutting, sorted(contents)):
            if among is None or key in among:
                pool.index_of.setdefault(key, index.id)
                listed.append(key)

    def read(
        self, work: Work, pool: Pool, index: LiveIndex, query: str, vector: Vectors
    ) -> tuple[FullPool, dict[str, Candidate]]:
        """The pool of an index, complete; what has left SQL meanwhile is left out."""
        wanted = list(dict.fromkeys(pool.listed.get(index.id, ())))
        found = work.searching.candidates(wanted)
        ids = [key for key in wanted if key in found]
        self._completer.add_words(pool, ids, query)
        vectors = self._vectors(work, pool, index, ids, vector)
        question = QuestionPool(
            Question.of(self._analyser, query),
            [
                features.Candidate(
                    passage_id=key,
                    words=self._words_of(found[key]),
                    dense=pool.dense.get(key, 0.0),
                    lexical=pool.lexical.get(key, 0.0),
                )
                for key in ids
            ],
        )
        return FullPool(question, tuple(found[key].content_key for key in ids), vector, vectors), found

    def _vectors(
        self, work: Work, pool: Pool, index: LiveIndex, ids: Sequence[str], vector: Vectors
    ) -> Vectors:
        """A row each; zeros where there is none, or none of the question."""
        rows = np.zeros((len(ids), len(vector)), np.float32)
        if not vector.any():
            return rows
        place = {key: row for row, key in enumerate(ids)}
        keys, matrix = work.searching.vectors(ids, index.embedding_version)
        if keys:
            rows[[place[key] for key in keys]] = matrix
            for key, cosine in zip(keys, (matrix @ vector).tolist(), strict=True):
                pool.dense.setdefault(key, cosine)
        return rows

    def _words_of(self, candidate: Candidate) -> PassageWords:
        # A passage's content never changes under its id, but its document may be renamed.
        name = f"{candidate.passage_id}\n{candidate.naming}"
        with self._lock:
            known = self._words.get(name)
            if known is not None:
                self._words.move_to_end(name)
                return known
        made = PassageWords.of(self._analyser, title=candidate.naming, text=candidate.text)
        with self._lock:
            self._words[name] = made
            while len(self._words) > _KEPT_WORDS:
                self._words.popitem(last=False)
        return made


def ranking(pools: Mapping[str, FullPool], plan: Plan, extractor: FeatureExtractor) -> list[Placed]:
    """All indexes in one ranking: every model scores in units of the default fusion."""
    placed: list[Placed] = []
    for index, pool in pools.items():
        choice = plan[index]
        ranked = choice.ranker.rank(
            pool.question,
            extractor,
            vector=pool.vector,
            passages=pool.vectors,
            passage_keys=pool.keys,
            memory=choice.memory,
        )
        question = pool.question
        shares = question.identifiers if question.question.identifiers else None
        row = {item.passage_id: number for number, item in enumerate(question.candidates)}
        for item in ranked:
            number = row[item.passage_id]
            share = None if shares is None else float(shares[number])
            placed.append(_placed(item, question.candidates[number], share))
    return sorted(placed, key=lambda item: (-item.score, item.passage_id))


def _placed(item: Ranked, candidate: features.Candidate, identifier: float | None) -> Placed:
    parts = item.parts
    learned = [value for name, value in parts.items() if name not in (*_FUSION, *_MEMORY)]
    remembered = [parts[name] for name in _MEMORY if name in parts]
    return Placed(
        passage_id=item.passage_id,
        dense=candidate.dense,
        lexical=candidate.lexical,
        identifier=identifier,
        fused=sum(parts[name] for name in _FUSION),
        prior=sum(remembered) if remembered else None,
        rerank=sum(learned) if learned else None,
    )
