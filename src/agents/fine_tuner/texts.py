"""The words behind a data set: its questions, and the passages that their votes are on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from src.database.models import DatasetRecord
from src.database.repositories.votes import passages_with
from src.database.uow import Work
from src.services.indexing.texts import embedded_text
from src.services.training.task import Pair

from .examples import Asked, asked_questions


@dataclass(frozen=True)
class Texts:
    """Questions, and passages by content as they are embedded."""

    asked: tuple[Asked, ...]
    passages: Mapping[str, str]

    @classmethod
    def of(cls, work: Work, dataset: DatasetRecord) -> Texts:
        asked = tuple(asked_questions(list(work.datasets.examples(dataset.id))))
        voted = sorted({key for each in asked for key in each.ups})
        return cls(asked, texts_of(work, dataset.collection_id, voted))

    def samples(self, count: int) -> tuple[str, ...]:
        """Some of the passages, always the same ones."""
        return tuple(self.passages[key] for key in sorted(self.passages)[:count])


def texts_of(work: Work, collection_id: str, contents: Sequence[str]) -> dict[str, str]:
    """What is embedded of these contents, as far as the collection still has them."""
    ids = passages_with(work.session, collection_id, contents) if contents else []
    found = work.passages.with_documents(ids)
    return {
        row.PassageRecord.embedding_key: embedded_text(row.DocumentRecord, row.PassageRecord)
        for row in found.values()
    }


def pairs_of(questions: Sequence[Asked], texts: Texts) -> tuple[Pair, ...]:
    """Every up-vote that no down-vote outweighs, as a question with its passage."""
    return tuple(
        Pair(each.text, texts.passages[key], key)
        for each in questions
        for key, ups in sorted(each.ups.items())
        if key in texts.passages and ups > each.downs.get(key, 0.0)
    )
