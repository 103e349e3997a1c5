"""From the rows of a data set to what trainers learn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from src.core.ports import Vectors
from src.database.models import ExampleRecord
from src.services.ranking.examples import Example
from src.services.ranking.features import Floats

from .grouping import group_judged
from .trainers import Material
from .votes import Vote


@dataclass(frozen=True)
class Pool:
    """A question's candidates row by row: the content of each, its features ``(candidates, features)`` by
    ``names``, its cosine and its score by the default fusion, and by ``documents`` what it is a part of
    (empty where that is not known)."""

    names: tuple[str, ...]
    keys: tuple[str, ...]
    features: Floats
    dense: Floats
    fused: Floats
    documents: tuple[str, ...] = ()

    def judged(self, asked: Asked) -> Pool:
        """Without the neighbours of what helped: other passages of the same document that nobody judged.
        Many of them are as right; as wrong ones they would teach a ranker to tell like from like, and hide
        from those who measure it that it found the document."""
        liked = {part for key, part in zip(self.keys, self.documents, strict=False) if key in asked.ups}
        voted = asked.ups.keys() | asked.downs.keys()
        kept = [
            row
            for row, (key, part) in enumerate(zip(self.keys, self.documents, strict=False))
            if part not in liked or key in voted
        ]
        if len(kept) == len(self.documents):
            return self
        return Pool(
            names=self.names,
            keys=tuple(self.keys[row] for row in kept),
            features=self.features[kept],
            dense=self.dense[kept],
            fused=self.fused[kept],
            documents=tuple(self.documents[row] for row in kept),
        )


@dataclass
class Asked:
    """A question with its votes, by the content of the passage; ``readers`` names who liked one."""

    key: str
    text: str
    ups: dict[str, float]
    downs: dict[str, float]
    readers: dict[str, set[str]] = field(default_factory=dict)


def asked_questions(rows: Sequence[ExampleRecord], readers: Mapping[str, str] | None = None) -> list[Asked]:
    """The questions that were voted on, of the rows that were taken, in the order of their keys. ``readers``
    names who gave a rating, by its id."""
    taken = [row for row in rows if row.excluded is None and row.split is not None]
    taken.sort(key=lambda row: (row.question_key, row.content_key, row.id))
    known = readers or {}
    return _joined(
        (r.question_key, r.question, r.content_key, r.label > 0, r.weight, known.get(r.rating_id or ""))
        for r in taken
    )


def voted_questions(votes: Sequence[Vote]) -> list[Asked]:
    """The same of votes that were taken, before they are stored."""
    ordered = sorted(
        votes, key=lambda vote: (vote.question_key, vote.content_key or "", vote.rating_id or "")
    )
    return _joined(
        (v.question_key, v.question, v.content_key or "", v.up, v.weight, v.reader) for v in ordered
    )


def _joined(votes: Iterable[tuple[str, str, str, bool, float, str | None]]) -> list[Asked]:
    found: dict[str, Asked] = {}
    for key, question, content_key, up, weight, reader in votes:
        asked = found.setdefault(key, Asked(key, question, {}, {}))
        side = asked.ups if up else asked.downs
        side[content_key] = side.get(content_key, 0.0) + weight
        if up and reader is not None:
            asked.readers.setdefault(content_key, set()).add(reader)
    return list(found.values())


def contents_of(pools: Sequence[Pool]) -> list[str]:
    """Every content of the pools, in a fixed order."""
    return sorted({key for pool in pools for key in pool.keys})


def material_of(
    questions: Sequence[Asked],
    vectors: Mapping[str, Vectors],
    pools: Sequence[Pool],
    passages: Mapping[str, Vectors],
    *,
    near: float,
    by_passage: bool,
) -> Material:
    """Join questions, their vectors by key, their pools, and the passages' vectors by content. A passage
    without a vector counts as a vector of zeros; what stands beside a liked passage is left out."""
    groups = group_judged(
        [(asked.key, content) for asked in questions for content in asked.ups],
        {asked.key: vectors[asked.key] for asked in questions},
        near=near,
        by_passage=by_passage,
    )
    pools = [pool.judged(asked) for asked, pool in zip(questions, pools, strict=True)]
    contents = contents_of(pools)
    row_of = {key: row for row, key in enumerate(contents)}
    dimensions = len(next(iter(vectors.values()))) if vectors else 0
    matrix = np.zeros((len(contents), dimensions), np.float32)
    for key, row in row_of.items():
        if key in passages:
            matrix[row] = passages[key]
    examples = [
        Example(
            group=groups[asked.key],
            vector=vectors[asked.key],
            keys=pool.keys,
            rows=np.array([row_of[key] for key in pool.keys], np.intp),
            features=pool.features,
            dense=pool.dense,
            fused=pool.fused,
            ups=asked.ups,
            downs=asked.downs,
            readers=asked.readers,
        )
        for asked, pool in zip(questions, pools, strict=True)
        if pool.keys
    ]
    # A question with nothing but down-votes has an empty pool, which names no features.
    return Material(examples, matrix, next((pool.names for pool in pools if pool.names), ()))
