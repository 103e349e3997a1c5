"""Building an index beside the live one, proving it whole, and putting it in the live one's place."""

from __future__ import annotations

import logging

from src.core.errors import UnavailableError
from src.core.jobs import JobRun
from src.core.messages.indexes import IndexReady
from src.database.models import CollectionRecord, IndexRecord
from src.database.uow import Database
from src.services.indexing import Cuts, IndexWriter, Making, PassageVectors
from src.services.indexing.counterparts import complete
from src.services.indexing.switching import switch

from .comparison import compare
from .rebuild import IndexFiller

log = logging.getLogger("stoa.indexing")

SAMPLE = 50
"""Passages whose vectors are compared before a switch."""


class IndexBuilder:
    """Every step can be repeated: what a build that was cut short has made is found and completed."""

    def __init__(
        self,
        database: Database,
        writer: IndexWriter,
        vectors: PassageVectors,
        filler: IndexFiller,
        cuts: Cuts,
    ) -> None:
        self._database = database
        self._writer = writer
        self._vectors = vectors
        self._filler = filler
        self._cuts = cuts

    def build(
        self, collection: CollectionRecord, making: Making, run: JobRun, *, switching: bool = True
    ) -> None:
        """Build an index that is made with that; what is ingested meanwhile goes into both.

        It then takes the live one's place, or, without ``switching``, stays on standby.
        """
        if not switching and self._ready(collection.id, making, run):
            return
        self._writer.open(making.embedding_version)
        building = self._building(collection, making, run)
        self._writer.create(building)
        run.reached("new index made")
        self._cuts.catch_up(collection.id, making.cutting, run)
        with self._database.read() as work:
            total = work.passages.live_count(collection.id, making.cutting)
        self._filler.fill(building, run, total=total)
        self._vectors.complete_questions(making.embedding_version, run)
        with self._database.begin(run.ctx) as work:
            complete(work, collection.id)  # most of it, before anybody is kept out
            work.commit()
        while not self._concluded(building, run, switching=switching):
            self._cuts.catch_up(collection.id, making.cutting, run)
        run.reached("switched")

    def _concluded(self, building: IndexRecord, run: JobRun, *, switching: bool) -> bool:
        """Prove the index, and have it searched or stand by; False where a document came that is not cut as
        it holds them: one that was on its way when the index was begun."""
        self._prove(building, run)
        run.reached("new index filled")
        with self._database.begin(run.ctx) as work:
            work.collections.hold(building.collection_id, alone=True)
            record = work.indexes.get(building.id)
            if self._cuts.lacking(work, record.collection_id, record.cutting):
                return False
            complete(work, record.collection_id)
            if switching:
                switch(work, record)
            else:
                record.state, record.switched_at = "standby", work.now()
                work.publish(_ready(record))
            work.commit()
        return True

    def _ready(self, collection_id: str, making: Making, run: JobRun) -> bool:
        """Tell of an index that is made with that and whole already; False where there is none."""
        with self._database.begin(run.ctx) as work:
            standby = work.indexes.standby(collection_id, making.embedding_version, making.cutting)
            if standby is None or not self._writer.current(standby, making):
                return False
            work.publish(_ready(standby))
            work.commit()
            return True

    def mend(self, index: IndexRecord, run: JobRun) -> None:
        """Add what the index lacks and remove what it should not hold."""
        self._cuts.catch_up(index.collection_id, index.cutting, run)
        _, difference = compare(self._database, self._writer, index)
        if difference.sound:
            return
        missing = difference.missing_vectors | difference.missing_entries
        strays = difference.stray_vectors | difference.stray_entries
        log.info("index %s: adding %d, removing %d", index.id, len(missing), len(strays))
        self._writer.create(index)
        self._filler.add(index, missing, run)
        with self._database.read() as work:
            # Ingestion writes the indexes first and then makes its passages live.
            still = work.passages.wanted_ids(index.collection_id, index.cutting)
        self._writer.remove([index.id], sorted(strays - still))

    def _building(self, collection: CollectionRecord, making: Making, run: JobRun) -> IndexRecord:
        """The index that an interrupted build had begun, or a new one."""
        with self._database.begin(run.ctx) as work:
            work.collections.hold(collection.id, alone=True)
            for index in work.indexes.of(collection.id):
                if index.state == "building" and self._writer.current(index, making):
                    return index
            index = self._writer.plan(work, collection.id, "building", making)
            work.commit()
            return index

    def _prove(self, index: IndexRecord, run: JobRun) -> None:
        """Nothing is missing, and a sample of the passages is there with its own vectors. Raises
        UnavailableError, with which the job fails and the live index stays."""
        self.mend(index, run)
        _, difference = compare(self._database, self._writer, index)
        with self._database.read() as work:
            passages = list(work.passages.live_after(index.collection_id, index.cutting, "", SAMPLE))
            vectors = work.vectors.find({p.embedding_key for p in passages}, index.embedding_version)
        sample = {p.id: vectors[p.embedding_key] for p in passages if p.embedding_key in vectors}
        if difference.missing_vectors or difference.missing_entries or not self._writer.agrees(index, sample):
            raise UnavailableError(
                f"The new index {index.id} does not hold what was written to it; the live one stays."
            )


def _ready(record: IndexRecord) -> IndexReady:
    return IndexReady(
        collection_id=record.collection_id,
        index_id=record.id,
        embedding_version=record.embedding_version,
        cutting=record.cutting,
    )
