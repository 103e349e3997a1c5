"""A data set from votes: what is taken, what is left out and why, and which questions belong together."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np

from src.core.ports import Vectors
from src.services.ranking.examples import folds_of

from . import rules
from .grouping import NEAR, group_judged, near_any
from .made import Made, sift
from .votes import Exclusion, Vote


@dataclass(frozen=True)
class DatasetSettings:
    """How votes are sifted. ``by_passage`` also keeps questions apart that were answered by one passage. One
    reader's up-votes on one passage count for ``passage_most`` questions; ``share`` is the most that one of
    at least ``share_from`` readers may give, but for ``share_least``. There are at most ``synthetic_share``
    made-up questions for each that readers asked."""

    near: float = NEAR
    passage_most: int = 4
    share: float = 0.4
    share_least: int = 100
    share_from: int = 3
    newest_questions: int = 3000
    folds: int = 5
    by_passage: bool = False
    synthetic_share: float = 1.0


@dataclass(frozen=True)
class Surroundings:
    """What votes are held against: the contents that are searched now, the vectors of the questions by key,
    and the questions that models are judged by, as keys and as vectors ``(questions, dimensions)``."""

    live: Collection[str]
    vectors: Mapping[str, Vectors]
    golden_keys: Collection[str]
    golden_vectors: Vectors


@dataclass(frozen=True)
class Judgment:
    """A vote in a data set: taken into fold ``split``, or ``excluded``."""

    vote: Vote
    split: int | None
    excluded: Exclusion | None


@dataclass(frozen=True)
class Draft:
    """A data set that is not stored yet; the same judgments give the same ``digest``. ``made`` are the
    examples beside the votes."""

    judgments: tuple[Judgment, ...]
    counts: dict[str, Any]
    digest: str
    made: tuple[Made, ...] = ()

    @property
    def taken(self) -> list[Vote]:
        return [judgment.vote for judgment in self.judgments if judgment.excluded is None]

    def with_more(self, made: Iterable[Made]) -> Draft:
        """The same with more examples beside the votes."""
        more = tuple(sorted(made, key=lambda one: (one.origin, one.question_key, one.content_key)))
        if not more:
            return self
        text = json.dumps([self.digest, [astuple(one) for one in more]], ensure_ascii=True)
        counts = dict(self.counts)
        for origin in dict.fromkeys(one.origin for one in more):
            own = [one for one in more if one.origin is origin]
            left_out = Counter(one.excluded.value for one in own if one.excluded is not None)
            counts[origin.value] = {
                "taken": len(own) - left_out.total(),
                "excluded": dict(sorted(left_out.items())),
            }
        return Draft(self.judgments, counts, hashlib.sha256(text.encode()).hexdigest(), (*self.made, *more))


def draft(
    votes: Sequence[Vote], around: Surroundings, settings: DatasetSettings, made: Sequence[Made] = ()
) -> Draft:
    """Sift the votes, and the made-up questions by what is left of them. The order in which they come makes
    no difference."""
    votes = sorted(votes, key=_order)
    excluded: list[Exclusion | None] = [vote.hindrance for vote in votes]
    asked = {vote.question_key for vote in votes} | {one.question_key for one in made}
    too_near = _too_near(asked, around, settings.near)
    for reason, rule in _rules(too_near, around, settings):
        places = [place for place, why in enumerate(excluded) if why is None]
        for found in rule([votes[place] for place in places]):
            excluded[places[found]] = reason
    taken = [vote for vote, why in zip(votes, excluded, strict=True) if why is None]
    folds = _folds(taken, around, settings)
    judgments = tuple(
        Judgment(vote, folds[vote.question_key] if why is None else None, why)
        for vote, why in zip(votes, excluded, strict=True)
    )
    drafted = Draft(judgments, _counts(taken, excluded), _digest(judgments, settings))
    sifted = sift(
        made,
        taken,
        around.vectors,
        live=around.live,
        golden=too_near,
        near=settings.near,
        share=settings.synthetic_share,
    )
    return drafted.with_more(sifted)


def _rules(
    too_near: Collection[str], around: Surroundings, settings: DatasetSettings
) -> list[tuple[Exclusion, rules.Rule]]:
    return [
        (Exclusion.ITSELF, rules.said_itself),
        (Exclusion.GONE, rules.gone(around.live)),
        (Exclusion.GOLDEN, rules.golden(too_near)),
        (Exclusion.CONTRADICTION, rules.contradictions),
        (Exclusion.DUPLICATE, rules.duplicates),
        (Exclusion.DISAGREEMENT, rules.disagreements),
        (Exclusion.PASSAGE, rules.beyond_passage(settings.passage_most)),
        (Exclusion.SHARE, rules.beyond_share(settings.share, settings.share_least, settings.share_from)),
        (Exclusion.OLD, rules.beyond_newest(settings.newest_questions)),
    ]


def _too_near(asked: Collection[str], around: Surroundings, near: float) -> frozenset[str]:
    keys = sorted(set(asked) & around.vectors.keys())
    leaking = {key for key in asked if key in around.golden_keys}
    if keys:
        found = near_any(np.stack([around.vectors[key] for key in keys]), around.golden_vectors, near)
        leaking.update(key for key, leaks in zip(keys, found, strict=True) if leaks)
    return frozenset(leaking)


def _folds(taken: Sequence[Vote], around: Surroundings, settings: DatasetSettings) -> dict[str, int]:
    """The fold of each question; questions that are nearly the same share one."""
    groups = group_judged(
        [(vote.question_key, vote.content_key or "") for vote in taken if vote.up],
        {vote.question_key: around.vectors[vote.question_key] for vote in taken},
        near=settings.near,
        by_passage=settings.by_passage,
    )
    folds = folds_of(np.array(list(groups.values()), np.int64), settings.folds, seed=0)
    return dict(zip(groups, folds.tolist(), strict=True))


def _counts(taken: Sequence[Vote], excluded: Sequence[Exclusion | None]) -> dict[str, Any]:
    return {
        "votes": len(excluded),
        "taken": len(taken),
        "of_readers": sum(vote.rating_id is not None for vote in taken),
        "questions": len({vote.question_key for vote in taken}),
        "questions_with_up": len({vote.question_key for vote in taken if vote.up}),
        "ups": sum(vote.up for vote in taken),
        "downs": sum(not vote.up for vote in taken),
        "readers": len({vote.reader for vote in taken if vote.reader is not None}),
        "origins": dict(sorted(Counter(vote.origin.value for vote in taken).items())),
        "excluded": dict(sorted(Counter(why.value for why in excluded if why is not None).items())),
    }


def _digest(judgments: Sequence[Judgment], settings: DatasetSettings) -> str:
    content = [
        [
            judgment.vote.rating_id,
            judgment.vote.document_id,
            judgment.vote.origin,
            judgment.vote.question,
            judgment.vote.content_key,
            judgment.vote.up,
            judgment.vote.weight,
            judgment.split,
            judgment.excluded,
        ]
        for judgment in judgments
    ]
    text = json.dumps([asdict(settings), content], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _order(vote: Vote) -> tuple[str, str, str, str, bool]:
    return vote.question_key, vote.content_key or "", vote.rating_id or "", vote.origin.value, vote.up
