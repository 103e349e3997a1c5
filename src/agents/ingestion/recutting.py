"""Documents that were cut into passages by another parser, or with other settings, are cut anew."""

from __future__ import annotations

import logging
from itertools import islice

from src.core.errors import UnavailableError
from src.core.jobs import JobRun
from src.core.messages.documents import DocumentState, IngestDocuments
from src.core.ports import Parser
from src.database.models import DocumentRecord
from src.database.uow import Database
from src.services.indexing.cutting import CUTTING_FACT, cut_otherwise

from .intake import queue

log = logging.getLogger("stoa.ingestion")

_AT_ONCE = 1000


class Recutting:
    """Queues such documents for ingestion. Each is searched as it was until all indexes have its new
    passages; what stays the same in a passage is not embedded again."""

    def __init__(self, database: Database, parser: Parser) -> None:
        self._database = database
        self._parser = parser

    def carry_out(self, run: JobRun) -> None:
        with self._database.read() as work:
            collections = {collection.id: collection.cutting for collection in work.collections.all()}
        queued = 0
        for collection_id, cutting in collections.items():
            version = self._version(cutting)
            last: str | None = ""
            while last is not None:
                count, last = self._queue(collection_id, version, last, run)
                queued += count
                run.progress(stage="queueing documents", done=queued, total=None)
                run.check()
        with self._database.begin(run.ctx) as work:
            work.facts.note(CUTTING_FACT, self._parser.version)
            work.commit()
        if queued:
            log.info("%d documents are cut anew", queued)

    def _queue(self, collection_id: str, version: str, after: str, run: JobRun) -> tuple[int, str | None]:
        """One job for some of them; returns how many, and the last where there may be more behind it. All
        are looked through before anybody is kept from writing."""
        with self._database.read() as reading:
            searched = reading.documents.searched(collection_id, after)
            outdated = (each.id for each in searched if _outdated(each, version))
            seen = list(islice(outdated, _AT_ONCE))
        if not seen:
            return 0, None
        last = seen[-1] if len(seen) == _AT_ONCE else None
        with self._database.begin(run.ctx) as work:
            found = [each for each in work.documents.some(seen) if _outdated(each, version)]
            if not found:
                return 0, last
            job = work.enqueue(IngestDocuments(collection_id=collection_id), collection_id=collection_id)
            for document in found:
                queue(document)
                document.job_id, document.updated_at = job.id, work.now()
            job.total = len(found)
            work.commit()
            return len(found), last

    def _version(self, cutting: str) -> str:
        """The parser's version for a cutting; that of the configured one where nothing can be cut so."""
        try:
            return self._parser.cut_by(cutting).version
        except UnavailableError:
            return self._parser.version


def _outdated(document: DocumentRecord, version: str) -> bool:
    """What is on its way is cut as it should be."""
    return DocumentState(document.state).final and cut_otherwise(document, version)
