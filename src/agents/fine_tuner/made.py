"""Examples that are nobody's vote: made-up questions, and passages that a question should not find."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from src.core.ports import Vectors
from src.database.repositories.made import MadeQuestions
from src.database.uow import Work

from .grouping import near_any
from .votes import WEIGHTS, Exclusion, Origin, Vote


@dataclass(frozen=True)
class Made:
    """A question with a passage, and who or what put them together. It stands in no fold: it is trained on
    and never measured by. ``label`` is 1 where the passage answers the question, 0 where it does not."""

    origin: Origin
    question: str
    question_key: str
    content_key: str
    document_id: str | None
    label: float
    weight: float
    made_by: str
    excluded: Exclusion | None = None


def made_questions(work: Work, collection_id: str) -> list[Made]:
    """Those of a collection, with what their round trip said of them."""
    return [
        Made(
            origin=Origin.SYNTHETIC,
            question=record.question,
            question_key=record.question_key,
            content_key=record.content_key,
            document_id=record.document_id,
            label=1.0,
            weight=WEIGHTS[Origin.SYNTHETIC],
            made_by=record.made_by,
            excluded=Exclusion(record.hindrance) if record.hindrance else None,
        )
        for record in MadeQuestions(work.session).of(collection_id)
    ]


def sift(
    made: Iterable[Made],
    taken: Sequence[Vote],
    vectors: Mapping[str, Vectors],
    *,
    live: Collection[str],
    golden: Collection[str],
    near: float,
    share: float,
) -> tuple[Made, ...]:
    """Say of each made-up question why it is left out, where it is: nothing may reach what is measured by,
    neither by its question nor by its passage. ``taken`` are the votes that are trained on, ``golden`` the
    keys of questions too near to one that models are judged by; of the rest at most ``share`` times as many
    as readers' questions are kept."""
    kept: list[Made] = []
    voted = {vote.content_key for vote in taken}
    readers = sorted({vote.question_key for vote in taken})
    asked = [vectors[key] for key in readers]
    most = int(share * len(readers))
    sifted = []
    for one in sorted(made, key=lambda one: (one.question_key, one.content_key)):
        why = one.excluded
        if why is None and one.content_key not in live:
            why = Exclusion.GONE
        if why is None and one.question_key in golden:
            why = Exclusion.GOLDEN
        if why is None and one.content_key in voted:
            why = Exclusion.ASKED
        if why is None and _near(vectors[one.question_key], asked, near):
            why = Exclusion.REPEATED
        if why is None and len(kept) >= most:
            why = Exclusion.TOO_MANY
        if why is None:
            kept.append(one)
            asked.append(vectors[one.question_key])
        sifted.append(replace(one, excluded=why))
    return tuple(sifted)


def _near(vector: Vectors, others: Sequence[Vectors], near: float) -> bool:
    return bool(others) and bool(near_any(vector[None], np.stack(others), near)[0])
