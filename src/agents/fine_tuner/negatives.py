"""Hard negatives: passages that a question finds, and should not.

Much of what ranks high beside the right passage is right as well and nobody said so; the margin keeps such
false negatives out (Moreira et al., "NV-Retriever: improving text embedding models with effective
hard-negative mining", 2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.core.ports import Vectors
from src.services.ranking.features import Floats

from .examples import Asked, Pool
from .made import Made
from .votes import Origin

MADE_BY = "mining"
_BM25 = "bm25"


@dataclass(frozen=True)
class NegativeSettings:
    """``each`` for a question with an up-vote. A candidate has a rank by words within ``lexical`` or one by
    meaning within ``dense``, and reaches at most ``margin`` of the right passage's cosine and of its fused
    score. What helped with a question at least ``alike`` is none, and neither is a text at least
    ``same`` as one that helped (cosines)."""

    each: int = 1
    lexical: tuple[int, int] = (6, 20)
    dense: tuple[int, int] = (6, 50)
    margin: float = 0.95
    alike: float = 0.8
    same: float = 0.95


def hard_negatives(
    questions: Sequence[Asked],
    vectors: Mapping[str, Vectors],
    pools: Sequence[Pool],
    passages: Mapping[str, Vectors],
    documents: Mapping[str, str],
    settings: NegativeSettings | None = None,
) -> tuple[Made, ...]:
    """The hardest allowed candidates of each question. ``vectors`` are the questions' by key, ``passages``
    those of contents, ``documents`` says where a content stands."""
    settings = settings or NegativeSettings()
    if not questions or not settings.each:
        return ()
    matrix = np.stack([vectors[asked.key] for asked in questions])
    found = []
    for place, (asked, pool) in enumerate(zip(questions, pools, strict=True)):
        rights = [row for row, key in enumerate(pool.keys) if asked.ups.get(key, 0) > asked.downs.get(key, 0)]
        if not rights:
            continue
        alike = np.flatnonzero(matrix @ matrix[place] >= settings.alike).tolist()
        helped = {key for other in alike for key in questions[other].ups}
        chosen = 0
        # What stands beside a right passage may be right as well.
        beside = {documents[key] for key in helped if key in documents}
        for row in _candidates(pool, rights, settings):
            key = pool.keys[row]
            if key not in documents or documents[key] in beside:
                continue
            if key in helped or _same(key, helped, passages, settings.same):
                continue
            found.append(
                Made(
                    origin=Origin.NEGATIVE,
                    question=asked.text,
                    question_key=asked.key,
                    content_key=key,
                    document_id=documents[key],
                    label=0.0,
                    weight=1.0,
                    made_by=MADE_BY,
                )
            )
            chosen += 1
            if chosen == settings.each:
                break
    return tuple(found)


def _candidates(pool: Pool, rights: Sequence[int], settings: NegativeSettings) -> list[int]:
    """The rows that qualify by rank and margin, the hardest first."""
    words = pool.features[:, pool.names.index(_BM25)]
    lexical, dense = _ranks(words), _ranks(pool.dense)
    least_dense, least_fused = min(pool.dense[rights]), min(pool.fused[rights])
    rows = [
        row
        for row in range(len(pool.keys))
        if (
            (settings.lexical[0] <= lexical[row] <= settings.lexical[1] and words[row] > 0)
            or settings.dense[0] <= dense[row] <= settings.dense[1]
        )
        and pool.dense[row] <= settings.margin * least_dense
        and pool.fused[row] <= settings.margin * least_fused
    ]
    return sorted(rows, key=lambda row: (-pool.fused[row], pool.keys[row]))


def _ranks(scores: Floats) -> Floats:
    """From 1, the highest score first."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def _same(key: str, helped: set[str], passages: Mapping[str, Vectors], same: float) -> bool:
    """Whether the text is nearly that of a passage that helped."""
    vector = passages.get(key)
    if vector is None:
        return True
    return any(float(vector @ passages[other]) >= same for other in sorted(helped) if other in passages)
