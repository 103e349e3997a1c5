"""The words behind a data set: its questions, and the passages that their votes are on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from src.database.models import DatasetRecord
from src.database.repositories.votes import passages_with
from src.database.uow import Work
from src.services.indexing.texts import embedded_text
from src.services.training.task import Pair

from .examples import Asked, asked_questions
from .votes import Origin


@dataclass(frozen=True)
class Made:
    """A question that was made up for a passage."""

    question: str
    content_key: str
    weight: float


@dataclass(frozen=True)
class Texts:
    """Questions, and passages by content as they are embedded. ``made`` are the made-up questions, each with
    its passage and its weight; ``negatives`` names for a question what it should not find."""

    asked: tuple[Asked, ...]
    passages: Mapping[str, str]
    made: tuple[Made, ...] = ()
    negatives: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, work: Work, dataset: DatasetRecord) -> Texts:
        rows = list(work.datasets.examples(dataset.id))
        rows = [row for row in rows if row.excluded is None]
        asked = tuple(asked_questions(rows))
        made = tuple(
            Made(row.question, row.content_key, row.weight) for row in rows if row.origin == Origin.SYNTHETIC
        )
        mined = (row for row in rows if row.origin == Origin.NEGATIVE)
        negatives = {row.question_key: row.content_key for row in sorted(mined, key=lambda row: row.id)}
        named = {key for each in asked for key in each.ups}
        named.update(negatives.values(), (one.content_key for one in made))
        return cls(asked, texts_of(work, dataset.collection_id, sorted(named)), made, negatives)

    def samples(self, count: int) -> tuple[str, ...]:
        """Some of the passages, always the same ones."""
        return tuple(self.passages[key] for key in sorted(self.passages)[:count])


def texts_of(work: Work, collection_id: str, contents: Sequence[str]) -> dict[str, str]:
    """What is embedded of these contents, as far as the collection still has them."""
    ids = passages_with(work.session, collection_id, None, contents) if contents else []
    found = work.passages.with_documents(ids)
    return {
        row.PassageRecord.embedding_key: embedded_text(row.DocumentRecord, row.PassageRecord)
        for row in found.values()
    }


def pairs_of(questions: Sequence[Asked], texts: Texts, *, negatives: bool = False) -> tuple[Pair, ...]:
    """Every up-vote that no down-vote outweighs, as a question with its passage and, where it is wanted, with
    one that it should not find; then every made-up question, which weighs less."""
    voted = [
        Pair(
            each.text,
            texts.passages[key],
            key,
            negative=texts.passages.get(texts.negatives.get(each.key, "")) if negatives else None,
        )
        for each in questions
        for key, ups in sorted(each.ups.items())
        if key in texts.passages and ups > each.downs.get(key, 0.0)
    ]
    made = [
        Pair(one.question, texts.passages[one.content_key], one.content_key, weight=one.weight)
        for one in texts.made
        if one.content_key in texts.passages
    ]
    return (*voted, *made)
