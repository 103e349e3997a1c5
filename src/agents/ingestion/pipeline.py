"""Brings the queued documents of a job to their end: parse, chunk, embed, index.

Documents go through in windows, three of them at any time: one is parsed, one embedded, one indexed. Each
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
from src.database.models import PassageRecord
from src.database.uow import Database
from src.services.indexing import Cuts, IndexWriter, PassageVectors
from src.services.indexing.cuts import CutSet
from src.services.indexing.cutting import version_of
from src.services.indexing.passages import draft_of
from src.services.indexing.texts import embedded_text

from .outcomes import fail, take
from .switchover import Switchover
from .window import Embedded, Ticket, current

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

    def run(self, run: JobRun, *, behind: int | None = None, total: int | None = None) -> None:
        """Ingest every document of the job; failures are recorded with their document and do not stop it.

        Progress is that of the job's documents. Where these are only a part, ``total`` is the number of
        all and ``behind`` the number of those that are done when this part is.
        """
        self._report(run, behind, total)
        with (
            ThreadPoolExecutor(1, thread_name_prefix="parse") as ahead,
            ThreadPoolExecutor(1, thread_name_prefix="index") as after,
        ):
            indexing: Future[None] | None = None
            for window, parsed in self._parsed_windows(run, self._cutting(run), ahead):
                run.check()
                embedded = self._embedded(window, parsed.result(), run)
                if indexing is not None:
                    indexing.result()
                self._report(run, behind, total)
                indexing = after.submit(self._switchover.carry_out, embedded, run) if embedded else None
            if indexing is not None:
                indexing.result()
            self._report(run, behind, total)

    def _cutting(self, run: JobRun) -> str:
        """How the job's documents are cut: as the collection is searched, as long as that can be."""
        with self._database.read() as work:
            collection = work.collections.find(run.job.collection_id or "")
        searched = collection.cutting if collection is not None else CONFIGURED
        return searched if self._cuts.available(searched) else CONFIGURED

    def _report(self, run: JobRun, behind: int | None, total: int | None) -> None:
        with self._database.read() as work:
            done, known = work.documents.progress(run.job.id)
        if behind is not None:
            done, known = behind - (known - done), max(known, total or 0)
        run.progress(stage="ingesting", done=done, total=known)

    def _parsed_windows(
        self, run: JobRun, cutting: str, ahead: ThreadPoolExecutor
    ) -> Iterator[tuple[list[Ticket], Future[list[_Parsed]]]]:
        """Windows with their parsing, which is one window ahead of the caller."""
        parser = self._parser.cut_by(cutting)
        waiting: tuple[list[Ticket], Future[list[_Parsed]]] | None = None
        for window in self._windows(run.job.id, cutting, parser.version):
            self._mark(window, DocumentState.PARSING, run)
            run.reached("parsing")
            begun = (window, ahead.submit(self._parse, window, parser))
            if waiting is not None:
                yield waiting
            waiting = begun
        if waiting is not None:
            yield waiting

    def _windows(self, job_id: str, cutting: str, parser_version: str) -> Iterator[list[Ticket]]:
        last: str | None = None
        window: list[Ticket] = []
        size, most = 0, 1
        while True:
            with self._database.read() as work:
                documents = work.documents.waiting(job_id, after=last, limit=WINDOW_DOCUMENTS)
            for document in documents:
                last = document.id
                version = version_of(document, parser_version, document.content_hash)
                window.append(Ticket(document, document.content_hash, version, cutting))
                size += document.size
                if len(window) >= most or size >= WINDOW_BYTES:
                    yield window
                    window, size, most = [], 0, min(2 * most, WINDOW_DOCUMENTS)
            if len(documents) < WINDOW_DOCUMENTS:
                break
        if window:
            yield window

    def _mark(self, window: list[Ticket], state: DocumentState, run: JobRun) -> None:
        with self._database.begin(run.ctx) as work:
            for _ticket, record in current(work, window, run.job.id):
                # What is embedding has its passages in SQL: that stage need not be done again.
                if record.state != DocumentState.EMBEDDING:
                    record.state = state
                    record.updated_at = work.now()
            work.commit()

    def _parse(self, window: list[Ticket], parser: Parser) -> list[_Parsed]:
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

    def _embedded(self, window: list[Ticket], parsed: list[_Parsed], run: JobRun) -> Embedded | None:
        self._store_passages(window, parsed, run)
        run.reached("passages stored")
        with self._database.read() as work:
            open_tickets = [
                replace(ticket, document=record)
                for ticket, record in current(work, window, run.job.id)
                if record.state == DocumentState.EMBEDDING
            ]
            passages = {
                ticket.document.id: list(work.passages.of_version(ticket.document.id, ticket.version))
                for ticket in open_tickets
            }
        if not open_tickets:
            return None
        embedded = self._embed(open_tickets, passages, run)
        run.reached("vectors stored")
        return embedded

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

    def _embed(
        self, tickets: list[Ticket], passages: dict[str, list[PassageRecord]], run: JobRun
    ) -> Embedded:
        """The vectors of every passage, in the version of each index that is to have them."""
        texts: dict[str, str] = {}
        for ticket in tickets:
            for passage in passages[ticket.document.id]:
                texts.setdefault(passage.embedding_key, embedded_text(ticket.document, passage))
        with self._database.read() as work:
            versions = self._switchover.versions(work, run, tickets[0].cutting)
        vectors = {version: self._vectors.of(texts, version, run) for version in sorted(versions)}
        cuts = {
            ticket.document.id: CutSet(
                ticket.document, ticket.content_hash, ticket.version, passages[ticket.document.id]
            )
            for ticket in tickets
        }
        return Embedded(tickets, {tickets[0].cutting: cuts}, texts, vectors)
