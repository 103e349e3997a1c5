"""Cutting documents otherwise than they are searched, beside the passages that are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from src.core.errors import AppError, DocumentError, UnavailableError
from src.core.jobs import JobRun
from src.core.messages.documents import PassagesRemoved
from src.core.passages import ParsedDocument
from src.core.ports import Blobs, Parser
from src.database.models import DocumentRecord, PassageRecord
from src.database.uow import Database, UnitOfWork, Work

from .cutting import version_of
from .pace import rest
from .passages import rows

_WINDOW_DOCUMENTS = 16
_WINDOW_BYTES = 2 * 2**20
_INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class CutSet:
    """The passages of some bytes of a document in one cutting, and the version that names them; with an
    ``error``, its code and sentence, there are none."""

    document: DocumentRecord
    content_hash: str
    version: str
    passages: list[PassageRecord]
    error: tuple[str, str] | None = None


class Cuts:
    """Every step can be repeated: what is stored already is not parsed again. ``share`` of the time is spent
    on catching up; the rest is left to whoever searches meanwhile."""

    def __init__(self, database: Database, blobs: Blobs, parser: Parser, *, share: float = 1.0) -> None:
        self._database = database
        self._blobs = blobs
        self._parser = parser
        self._share = share

    def available(self, cutting: str) -> bool:
        """Whether documents can be cut so here."""
        try:
            self._parser.cut_by(cutting)
        except UnavailableError:
            return False
        return True

    def stored(
        self, documents: Sequence[tuple[DocumentRecord, str]], cutting: str, run: JobRun
    ) -> dict[str, CutSet]:
        """Cut these bytes of documents and store their passages, which are not live yet; by document. Raises
        UnavailableError where it was interrupted."""
        parser = self._parser.cut_by(cutting)
        versions = {each.id: version_of(each, parser.version, digest) for each, digest in documents}
        errors: dict[str, tuple[str, str]] = {}
        parsed: dict[str, ParsedDocument] = {}
        known = self._known(versions)
        wanted = [(each, digest) for each, digest in documents if each.id not in known]
        for document, result in self._parsed(parser, wanted):
            if isinstance(result, ParsedDocument):
                parsed[document.id] = result
                continue
            run.check()
            errors[document.id] = _told(result)
        with self._database.begin(run.ctx) as work:
            for record in work.documents.some(parsed):
                made = rows(record, parsed[record.id].drafts, versions[record.id], cutting)
                work.passages.add_all(made)
            work.commit()
        with self._database.read() as reading:
            return {
                each.id: CutSet(
                    each,
                    digest,
                    versions[each.id],
                    list(reading.passages.of_version(each.id, versions[each.id])),
                    errors.get(each.id),
                )
                for each, digest in documents
            }

    def settle(self, work: UnitOfWork, made: CutSet, cutting: str) -> list[str]:
        """Have these passages be the document's in that cutting; returns the ids of those that were."""
        removed = work.passages.drop_other_versions(made.document.id, made.version, cutting)
        if made.error is None:
            work.passages.set_live(made.document.id, made.version)
        return removed

    def lacking(self, work: Work, collection_id: str, cutting: str) -> list[tuple[str, int]]:
        """The documents whose passages in a cutting are missing or of other bytes, with their sizes; none in
        that which is searched, where ingestion sees to it."""
        collection = work.collections.find(collection_id)
        if collection is None or collection.cutting == cutting:
            return []
        version = self._parser.cut_by(cutting).version
        standing = work.cuts.standing(collection_id, cutting)
        return [
            (each.id, each.size)
            for each in standing
            if each.version != version_of(each, version, each.live_hash)
        ]

    def catch_up(self, collection_id: str, cutting: str, run: JobRun) -> None:
        """Cut every document of a collection that lacks it; what is cut is kept as it goes."""
        while True:
            with self._database.read() as work:
                lacking = self.lacking(work, collection_id, cutting)
            if not lacking:
                return
            done = 0
            for window in _windows(lacking):
                run.progress(stage="cutting documents", done=done, total=len(lacking))
                run.check()
                done += len(window)
                began = time.monotonic()
                self._cut(collection_id, window, cutting, run)
                run.reached("documents cut")
                rest(time.monotonic() - began, self._share, run)

    def _cut(self, collection_id: str, ids: Sequence[str], cutting: str, run: JobRun) -> None:
        with self._database.read() as reading:
            documents = [(each, each.live_hash) for each in reading.documents.some(ids) if each.live_hash]
        made = self.stored([(each, digest) for each, digest in documents if digest], cutting, run)
        run.reached("passages of another cutting stored")
        with self._database.begin(run.ctx) as work:
            work.collections.hold(collection_id)
            collection = work.collections.find(collection_id)
            if collection is None or collection.cutting == cutting:
                return  # it is searched by now, and its documents are known by what they had
            for record in work.documents.some(made):
                cut = made[record.id]
                if record.live_hash != cut.content_hash:
                    continue  # ingestion was quicker, and has seen to it
                removed = self.settle(work, cut, cutting)
                work.cuts.note(record.id, cutting, cut.version, len(cut.passages), cut.error)
                if removed:
                    work.publish(
                        PassagesRemoved(
                            collection_id=collection_id, document_id=record.id, passage_ids=tuple(removed)
                        )
                    )
            work.commit()

    def _known(self, versions: dict[str, str]) -> set[str]:
        with self._database.read() as work:
            return {key for key, version in versions.items() if work.passages.of_version(key, version)}

    def _parsed(
        self, parser: Parser, wanted: Sequence[tuple[DocumentRecord, str]]
    ) -> Iterator[tuple[DocumentRecord, ParsedDocument | Exception]]:
        files, readable = [], []
        for document, digest in wanted:
            try:
                content = self._blobs.get(digest)
            except AppError as error:
                yield document, error
                continue
            files.append((content, document.path or document.external_id, document.media_type))
            readable.append(document)
        yield from zip(readable, parser.parse_many(files), strict=True)


def _windows(documents: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    """The documents a few at a time, large ones fewer."""
    window: list[str] = []
    weight = 0
    for key, size in documents:
        window.append(key)
        weight += size
        if len(window) >= _WINDOW_DOCUMENTS or weight >= _WINDOW_BYTES:
            yield window
            window, weight = [], 0
    if window:
        yield window


def _told(error: Exception) -> tuple[str, str]:
    """The code and the sentence of why a document could not be cut."""
    if isinstance(error, DocumentError) and error.code == _INTERRUPTED:
        raise UnavailableError(error.detail) from error
    if isinstance(error, AppError):
        return error.code, error.detail.replace("\x00", "\ufffd")
    return "internal", f"{type(error).__name__}: {error}".replace("\x00", "\ufffd")
