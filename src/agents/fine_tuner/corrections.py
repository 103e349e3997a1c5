"""Corrections in plain words: which passage says what a reader says would be right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from src.core.jobs import JobRun
from src.core.messages.ranking import GatherPool
from src.core.ports import ChatPassage
from src.database.models import RatingRecord
from src.database.repositories.base import chunks
from src.database.uow import Database
from src.services.text.sentences import Words, split_units
from src.services.text.support import Supports, figures_in

from .gathering import Content, Stated, plain_corrections

_LONGEST = 2000
_LEAST_WORDS = 3
_DENIES = re.compile(r"\b(?:not|no|never|none|nothing|nor|neither|cannot)\b|n['’]t\b", re.IGNORECASE)


@dataclass(frozen=True)
class CorrectionSettings:
    """The ``newest`` corrections are looked up in each run. A passage supports one where it is among the
    first ``within`` that a search for it finds, and the sentences that it supports hold ``share`` of the
    correction's content words."""

    newest: int = 200
    within: int = 5
    share: float = 0.6


class PlainCorrections:
    """Looks for the passage that supports a correction, by the measure by which answers are given a citation
    that they lack: one sentence of the passage holds most content words and all figures of one of the
    correction. It must have a word in common with the question, too: \"it takes three days\" stands in many
    places."""

    def __init__(self, database: Database, words: Words, settings: CorrectionSettings | None = None) -> None:
        self._database = database
        self._words = words
        self._settings = settings or CorrectionSettings()

    def look_up(self, collection_id: str, run: JobRun) -> Stated:
        """By rating, the content that supports its correction, None where none does. A search for each, of
        the collection alone; the words are kept nowhere."""
        with self._database.read() as work:
            pending = plain_corrections(work, collection_id)
            pending = sorted(pending, key=lambda vote: (vote.at, vote.rating_id or ""))
            questions = {vote.rating_id or "": vote.question for vote in pending[-self._settings.newest :]}
            texts: dict[str, str] = {}
            for part in chunks(sorted(questions)):
                query = select(RatingRecord.id, RatingRecord.correction).where(RatingRecord.id.in_(part))
                texts.update((key, text or "") for key, text in work.session.execute(query))
        stated: dict[str, Content | None] = {}
        for done, (rating_id, correction) in enumerate(texts.items()):
            run.check()
            run.progress(stage="looking up corrections", done=done, total=len(texts))
            if len(set(self._words(correction))) >= _LEAST_WORDS:
                stated[rating_id] = self._supporting(
                    collection_id, questions[rating_id], correction[:_LONGEST], run
                )
        return stated

    def _supporting(self, collection_id: str, question: str, correction: str, run: JobRun) -> Content | None:
        pool = run.ctx.ask(GatherPool(collection_id=collection_id, query=correction))
        order = sorted(
            range(len(pool.fused)), key=lambda place: (-pool.fused[place], pool.passage_ids[place])
        )
        ids = [pool.passage_ids[place] for place in order[: self._settings.within]]
        with self._database.read() as work:
            found = work.passages.with_documents(ids)
        for passage_id in ids:
            if passage_id not in found:
                continue
            passage, document = found[passage_id].PassageRecord, found[passage_id].DocumentRecord
            if self._supports(question, correction, document.title, passage.text):
                return Content(passage.embedding_key, document.id)
        return None

    def _supports(self, question: str, correction: str, title: str, text: str) -> bool:
        if not set(self._words(question)) & set(self._words(f"{title} {text}")):
            return False
        supports = Supports([ChatPassage(1, title, "", text)], self._words)
        held: set[str] = set()
        for unit in split_units(correction):
            sentence = unit.of(correction)
            found = supports.find(sentence) if supports.claims(sentence) else None
            if found is not None and _agree(sentence, found[1]):
                held.update(self._words(sentence))
        wanted = set(self._words(correction))
        return len(held) >= max(_LEAST_WORDS, self._settings.share * len(wanted))


def _agree(sentence: str, quote: str) -> bool:
    """Whether what shares its words with a sentence has its numbers, too, and does not deny it."""
    numbers = figures_in(sentence, spelt=True) <= figures_in(quote, spelt=True)
    return numbers and bool(_DENIES.search(sentence)) == bool(_DENIES.search(quote))
