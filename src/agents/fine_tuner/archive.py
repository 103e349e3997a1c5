"""Data sets in SQL: made from a collection's votes, a version each time their content is another one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from src.core.clock import new_id
from src.core.ports import Embedder, Vectors
from src.database.models import DatasetRecord, ExampleRecord
from src.database.repositories.feedback import QuestionVectors
from src.database.repositories.remembering import golden_questions
from src.database.uow import Database, UnitOfWork

from .dataset import DatasetSettings, Draft, Surroundings, draft
from .gathering import Stated, gather, live_contents
from .made import made_questions


class DatasetArchive:
    """Drafts data sets from what SQL holds now, and keeps them."""

    def __init__(
        self, database: Database, embedder: Embedder, settings: DatasetSettings | None = None
    ) -> None:
        self._database = database
        self._embedder = embedder
        self.settings = settings or DatasetSettings()

    def draft(self, collection_id: str, stated: Stated | None = None) -> Draft:
        """What the votes of the collection give now; nothing is stored. ``stated`` says what came of its
        corrections in plain words."""
        with self._database.read() as work:
            votes = gather(work, collection_id, stated)
            made = made_questions(work, collection_id)
            contents = {vote.content_key for vote in votes if vote.content_key is not None}
            contents |= {one.content_key for one in made}
            live = live_contents(work, collection_id, contents)
            golden = golden_questions(work.session, collection_id)
        questions = {one.question_key: one.question for one in made}
        vectors = self.vectors(questions | {vote.question_key: vote.question for vote in votes})
        proofs = self.vectors(golden)
        around = Surroundings(
            live=live,
            vectors=vectors,
            golden_keys=golden.keys(),
            golden_vectors=np.stack([proofs[key] for key in sorted(proofs)])
            if proofs
            else np.zeros((0, self._embedder.dimensions), np.float32),
        )
        return draft(votes, around, self.settings, made)

    def keep(self, work: UnitOfWork, collection_id: str, drafted: Draft) -> DatasetRecord:
        """Store the draft as the collection's next version, unless it is one already."""
        known = work.datasets.with_digest(collection_id, drafted.digest)
        if known is not None:
            return known
        record = work.datasets.add(
            DatasetRecord(
                id=new_id(),
                collection_id=collection_id,
                version=work.datasets.next_version(collection_id),
                digest=drafted.digest,
                counts=drafted.counts,
                created_at=work.now(),
            )
        )
        work.session.flush()
        work.session.add_all(
            ExampleRecord(
                id=new_id(),
                dataset_id=record.id,
                rating_id=judgment.vote.rating_id,
                document_id=judgment.vote.document_id,
                origin=judgment.vote.origin.value,
                question=judgment.vote.question,
                question_key=judgment.vote.question_key,
                content_key=judgment.vote.content_key or "",
                label=1.0 if judgment.vote.up else 0.0,
                weight=judgment.vote.weight,
                split=judgment.split,
                excluded=judgment.excluded.value if judgment.excluded else None,
            )
            for judgment in drafted.judgments
        )
        work.session.add_all(
            ExampleRecord(
                id=new_id(),
                dataset_id=record.id,
                document_id=one.document_id,
                origin=one.origin.value,
                question=one.question,
                question_key=one.question_key,
                content_key=one.content_key,
                label=one.label,
                weight=one.weight,
                excluded=one.excluded.value if one.excluded else None,
                made_by=one.made_by,
            )
            for one in drafted.made
        )
        return record

    def vectors(self, questions: Mapping[str, str], embedder: Embedder | None = None) -> dict[str, Vectors]:
        """The vector of each question, given by key; what SQL does not hold is computed."""
        embedder = embedder or self._embedder
        with self._database.read() as work:
            known = QuestionVectors(work.session).find(list(questions), embedder.version)
        for key, question in questions.items():
            if key not in known:
                known[key] = embedder.embed_query(question)
        return known
