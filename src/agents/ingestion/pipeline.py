"""Brings the queued documents of a job to their end: parse, chunk, embed, index.

Documents go through in windows, three of them at any time: one is parsed and its passages stored, one
embedded, one indexed, so that the processors, which embedding keeps busy, need not wait for the rest. Each
stage ends in one commit and can be repeated: passage ids are fixed, vectors are cached by content, index
rows are upserted. A job that is taken up again goes on with the documents that are not at their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from src.core.errors import AppError
from src.core.jobs import JobRun
from src.core.messages.documents import DocumentState
from src.core.passages import CONFIGURED, ParsedDocument
from src.core.ports import Blobs, Parser
from src.database.uow import Database
from src.services.indexing import Cuts, IndexWriter, PassageVectors
from src.services.indexing.cuts import CutSet
from src.services.indexing.cutting import version_of
from src.services.indexing.passages import draft_of
from src.services.indexing.texts import embedded_text

from .outcomes import fail, take
from .reach import Intake, Reach
from .switchover import Switchover
from .window import Embedded, Stored, Ticket, current

WINDOW_DOCUMENTS = 16
"""Windows grow to this from one document, so that the first can be asked about at once."""
WINDOW_BYTES = 2 * 2**20


_Parsed = ParsedDocument | Exception | None
"""What became of a document's bytes; None where its passages are in SQL already."""


class IngestionPipeline:
    """Carries out the stages for one job at a time (several pipelines may run side by side). Documents go
    through them as their collection is searched; how else they are to be cut is the switchover's matter."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        parser: Parser,
        vectors: PassageVectors,
        writer: IndexWriter,
        cuts: Cuts,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._parser = parser
        self._vectors = vectors
        self._cuts = cuts
        self._switchover = Switchover(database, vectors, writer, cuts)

    def run(self, run: JobRun, intake: Intake | None = None, *, files: int = 0) -> None:
        """Ingest every document of the job; failures are recorded with their document and do not stop it.
        Where none waits any more, ``intake`` is asked to queue more of them, until it has looked at all
        ``files``."""
        reach = Reach(intake or iter(()), files)
        windows = self._stored(run, reach)
        indexing: Future[None] | None = None
        with (
            ThreadPoolExecutor(1, thread_name_prefix="parse") as before,
            ThreadPoolExecutor(1, thread_name_prefix="index") as after,
        ):
            coming = before.submit(next, windows, None)
            while (window := coming.result()) is not None:
                run.check()
                coming = before.submit(next, windows, None)
                embedded = self._embedded(window, run)
                if indexing is not None:
                    indexing.result()
                self._report(run, reach)
                indexing = after.submit(self._switchover.carry_out, embedded, run)
            if indexing is not None:
                indexing.result()
        self._report(run, reach)

    def _report(self, run: JobRun, reach: Reach) -> None:
        with self._database.read() as work:
            done, total = reach.of(*work.documents.progress(run.job.id))
        run.progress(stage="ingesting", done=done, total=total)

    def _stored(self, run: JobRun, reach: Reach) -> Iterator[Stored]:
        """Windows of which the passages are in SQL."""
        for window in self._windows(run, reach):
            self._mark(window, DocumentState.PARSING, run)
            run.reached("parsing")
            parsed = self._parse(window)
            # What the end of this process interrupted has not failed: the job goes on in the next one.
            run.check()
            self._store_passages(window, parsed, run)
            run.reached("passages stored")
            stored = self._load(window, run)
            if stored.tickets:
                yield stored

    def _windows(self, run: JobRun, reach: Reach) -> Iterator[list[Ticket]]:
        begun: set[str] = set()
        window: list[Ticket] = []
        last: str | None = None
        cutting, size, most = "", 0, 1
        while True:
            with self._database.read() as work:
                documents = work.documents.waiting(run.job.id, after=last, limit=WINDOW_DOCUMENTS)
            for document in documents:
                last = document.id
                if document.id in begun:
                    continue
                begun.add(document.id)
                cutting = cutting if window else self._cutting(run)
                version = version_of(document, self._parser.cut_by(cutting).version, document.content_hash)
                window.append(Ticket(document, document.content_hash, version, cutting))
                size += document.size
                if len(window) >= most or size >= WINDOW_BYTES:
                    yield window
                    window, size, most = [], 0, min(2 * most, WINDOW_DOCUMENTS)
            if len(documents) < WINDOW_DOCUMENTS:
                # What is queued now may stand before what was queued earlier.
                last = None
                if not reach.further():
                    break
        if window:
            yield window

    def _cutting(self, run: JobRun) -> str:
        """How a window is cut: as the collection is searched by now, as long as that can be."""
        with self._database.read() as work:
            collection = work.collections.find(run.job.collection_id or "")
        searched = collection.cutting if collection is not None else CONFIGURED
        return searched if self._cuts.available(searched) else CONFIGURED

    def _mark(self, window: list[Ticket], state: DocumentState, run: JobRun) -> None:
        with self._database.begin(run.ctx) as work:
            for _ticket, record in current(work, window, run.job.id):
                # What is embedding has its passages in SQL: that stage need not be done again.
                if record.state != DocumentState.EMBEDDING:
                    record.state = state
                    record.updated_at = work.now()
            work.commit()

    def _parse(self, window: list[Ticket]) -> list[_Parsed]:
        parser = self._parser.cut_by(window[0].cutting)
        results: list[_Parsed] = [None] * len(window)
        wanted: list[int] = []
        for position, ticket in enumerate(window):
            known = self._known_passages(ticket)
            if known is False:
                wanted.append(position)
            elif isinstance(known, ParsedDocument):
                results[position] = known
        files = []
        for position in list(wanted):
            document = window[position].document
            try:
                content = self._blobs.get(window[position].content_hash)
            except AppError as error:
                results[position] = error
                wanted.remove(position)
            else:
                files.append((content, document.path or document.external_id, document.media_type))
        for position, result in zip(wanted, parser.parse_many(files), strict=True):
            results[position] = result
        return results

    def _known_passages(self, ticket: Ticket) -> ParsedDocument | bool:
        """True where this version's passages are stored; the parsed twin where the same bytes were
        parsed before for another document; else False."""
        with self._database.read() as work:
            if ticket.document.state == DocumentState.EMBEDDING and ticket.document.version == ticket.version:
                return True
            twin = work.documents.twin(ticket.version)
            if twin is None:
                return False
            passages = work.passages.of_version(twin.id, ticket.version)
            drafts = tuple(draft_of(passage) for passage in passages)
            # The version that is searched, not one that may be on its way by now.
            live = work.documents.version(twin.id, ticket.content_hash)
        readable = live.readable_hash if live else None
        return ParsedDocument(
            format=twin.live_format or "text",
            title=None,
            drafts=drafts,
            notices=tuple(twin.notices) if twin.content_hash == ticket.content_hash else (),
            readable_text=self._blobs.get(readable).decode() if readable else None,
        )

    def _store_passages(self, window: list[Ticket], parsed: list[_Parsed], run: JobRun) -> None:
        readable = {
            ticket.document.id: self._blobs.put(result.readable_text.encode("utf-8", "replace"))
            for ticket, result in zip(window, parsed, strict=True)
            if isinstance(result, ParsedDocument) and result.readable_text is not None
        }
        results = {ticket.document.id: result for ticket, result in zip(window, parsed, strict=True)}
        with self._database.begin(run.ctx) as work:
            for ticket, record in current(work, window, run.job.id):
                result = results[record.id]
                if isinstance(result, ParsedDocument):
                    record.readable_hash = readable.get(record.id)
                    take(work, record, result, ticket.version, ticket.cutting)
                elif result is not None:
                    fail(work, record, result)
            work.commit()

    def _load(self, window: list[Ticket], run: JobRun) -> Stored:
        """What is to be embedded of a window: nothing of documents that have failed or that others took."""
        with self._database.read() as work:
            tickets = [
                replace(ticket, document=record)
                for ticket, record in current(work, window, run.job.id)
                if record.state == DocumentState.EMBEDDING
            ]
            cuts = {
                ticket.document.id: CutSet(
                    ticket.document,
                    ticket.content_hash,
                    ticket.version,
                    list(work.passages.of_version(ticket.document.id, ticket.version)),
                )
                for ticket in tickets
            }
        texts: dict[str, str] = {}
        for cut in cuts.values():
            for passage in cut.passages:
                texts.setdefault(passage.embedding_key, embedded_text(cut.document, passage))
        return Stored(tickets, cuts, texts)

    def _embedded(self, window: Stored, run: JobRun) -> Embedded:
        """The vectors of every passage, in the version of each index that is to have them."""
        cutting = window.tickets[0].cutting
        with self._database.read() as work:
            versions = self._switchover.versions(work, run, cutting)
        vectors = {version: self._vectors.of(window.texts, version, run) for version in sorted(versions)}
        run.reached("vectors stored")
        return Embedded(window.tickets, {cutting: window.cuts}, window.texts, vectors)
