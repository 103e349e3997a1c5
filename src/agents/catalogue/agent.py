"""Collections, documents, sources and jobs, as users see and manage them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from src.core.agent import Agent, handles
from src.core.caller import Caller
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import ForbiddenError, UnavailableError
from src.core.messages import Page
from src.core.messages.collections import (
    Collection,
    CollectionCreated,
    CollectionDeleted,
    CreateCollection,
    DeleteCollection,
    GetCollection,
    ListCollections,
    ListMembers,
    Member,
    RemoveMember,
    SetMember,
    UpdateCollection,
    Visibility,
)
from src.core.messages.documents import (
    Document,
    DocumentText,
    GetDocument,
    ListDocuments,
    ListPassages,
    Passage,
    ReadDocument,
)
from src.core.messages.jobs import CancelJob, GetJob, Job, ListJobs
from src.core.messages.learning import LearningOverview, OverviewLearning
from src.core.messages.sources import GetSource, ListSkipped, ListSources, Skipped, Source
from src.core.ports import Blobs
from src.database.grants import scope_of
from src.database.jobstore import request_cancel
from src.database.models import CollectionRecord
from src.database.uow import Database, Work
from src.database.views import document_view, job_view, passage_view, source_view
from src.services.indexing import IndexWriter

from .learning import overviews
from .members import list_members, remove_member, require_owner, set_member
from .reading import read_text

log = logging.getLogger(__name__)


class CatalogueAgent(Agent):
    """Keeps the collections and shows what is in them."""

    name = "catalogue"

    def __init__(self, database: Database, blobs: Blobs, writer: IndexWriter) -> None:
        self._database = database
        self._blobs = blobs
        self._writer = writer

    @handles(CreateCollection)
    def create_collection(self, request: CreateCollection, ctx: Context) -> Collection:
        if not ctx.caller.may_create:
            raise ForbiddenError("Your role lets you read and ask, not make collections.")
        with self._database.begin(ctx) as work:
            now = work.now()
            record = work.collections.add(
                CollectionRecord(
                    id=new_id(),
                    name=request.name,
                    description=request.description,
                    visibility=request.visibility,
                    owner_id=ctx.caller.user_id,
                    created_at=now,
                    updated_at=now,
                )
            )
            work.session.flush()
            index = self._writer.plan(work, record.id, "live", self._writer.wanted(record))
            work.publish(CollectionCreated(collection_id=record.id, name=record.name))
            work.commit()
        # The stores follow SQL: where this is cut short, ingestion or the check at start makes them. The
        # collection is there, so a failure told now would have the caller make it twice.
        try:
            self._writer.create(index)
        except UnavailableError as error:
            log.warning("the index of collection %s is not made yet: %s", record.id, error.detail)
        return self._one(record.id, ctx.caller)

    @handles(ListCollections)
    def list_collections(self, request: ListCollections, ctx: Context) -> Page[Collection]:
        with self._database.read() as work:
            records, cursor = work.collections.page(ctx.caller, limit=request.limit, cursor=request.cursor)
            return Page[Collection](items=_collections(work, records, ctx.caller), next=cursor)

    @handles(OverviewLearning)
    def overview_learning(self, request: OverviewLearning, ctx: Context) -> Page[LearningOverview]:
        with self._database.read() as work:
            if request.collection_id is not None:
                scope = scope_of(work, ctx.caller, (request.collection_id,))
                records, cursor = [work.collections.get(key) for key in scope.collection_ids], None
            else:
                found, cursor = work.collections.page(ctx.caller, limit=request.limit, cursor=request.cursor)
                records = list(found)
            return Page[LearningOverview](items=overviews(self._database, work, records), next=cursor)

    @handles(GetCollection)
    def get_collection(self, request: GetCollection, ctx: Context) -> Collection:
        return self._one(request.collection_id, ctx.caller)

    @handles(UpdateCollection)
    def update_collection(self, request: UpdateCollection, ctx: Context) -> Collection:
        with self._database.begin(ctx) as work:
            record = work.collections.get(request.collection_id)
            if request.name is not None:
                record.name = request.name
            if request.description is not None:
                record.description = request.description
            if request.visibility is not None:
                require_owner(record, ctx.caller)
                record.visibility = request.visibility
            record.updated_at = work.now()
            work.commit()
        return self._one(request.collection_id, ctx.caller)

    @handles(DeleteCollection)
    def delete_collection(self, request: DeleteCollection, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            work.collections.hold(request.collection_id, alone=True)  # no index of it is begun from now on
            record = work.collections.get(request.collection_id)
            require_owner(record, ctx.caller)
            work.publish(
                CollectionDeleted(
                    collection_id=record.id,
                    indexes=tuple(index.id for index in work.indexes.of(record.id)),
                    source_ids=tuple(work.sources.ids(record.id)),
                )
            )
            work.collections.delete(record)
            work.commit()

    @handles(ListMembers)
    def list_members(self, request: ListMembers, ctx: Context) -> Page[Member]:
        return list_members(self._database, request, ctx)

    @handles(SetMember)
    def set_member(self, request: SetMember, ctx: Context) -> Member:
        return set_member(self._database, request, ctx)

    @handles(RemoveMember)
    def remove_member(self, request: RemoveMember, ctx: Context) -> None:
        remove_member(self._database, request, ctx)

    @handles(ListDocuments)
    def list_documents(self, request: ListDocuments, ctx: Context) -> Page[Document]:
        with self._database.read() as work:
            records, cursor = work.documents.page(
                request.collection_id,
                state=request.state,
                source_id=request.source_id,
                text=request.text,
                limit=request.limit,
                cursor=request.cursor,
            )
            return Page[Document](items=tuple(document_view(record) for record in records), next=cursor)

    @handles(GetDocument)
    def get_document(self, request: GetDocument, ctx: Context) -> Document:
        with self._database.read() as work:
            return document_view(work.documents.get(request.document_id))

    @handles(ListPassages)
    def list_passages(self, request: ListPassages, ctx: Context) -> Page[Passage]:
        with self._database.read() as work:
            records, cursor = work.passages.page(
                request.document_id, limit=request.limit, cursor=request.cursor
            )
            return Page[Passage](items=tuple(passage_view(record) for record in records), next=cursor)

    @handles(ReadDocument)
    def read_document(self, request: ReadDocument, ctx: Context) -> DocumentText:
        return read_text(self._database, self._blobs, request, ctx)

    @handles(ListSources)
    def list_sources(self, request: ListSources, ctx: Context) -> Page[Source]:
        with self._database.read() as work:
            records, cursor = work.sources.page(
                request.collection_id, limit=request.limit, cursor=request.cursor
            )
            return Page[Source](items=tuple(source_view(record) for record in records), next=cursor)

    @handles(GetSource)
    def get_source(self, request: GetSource, ctx: Context) -> Source:
        with self._database.read() as work:
            return source_view(work.sources.get(request.source_id))

    @handles(ListSkipped)
    def list_skipped(self, request: ListSkipped, ctx: Context) -> Page[Skipped]:
        with self._database.read() as work:
            records, cursor = work.skipped_files.page(
                request.source_id, limit=request.limit, cursor=request.cursor
            )
            items = tuple(Skipped(path=r.path, code=r.code, reason=r.detail) for r in records)
            return Page[Skipped](items=items, next=cursor)

    @handles(GetJob)
    def get_job(self, request: GetJob, ctx: Context) -> Job:
        with self._database.read() as work:
            return job_view(work.jobs.get(request.job_id))

    @handles(ListJobs)
    def list_jobs(self, request: ListJobs, ctx: Context) -> Page[Job]:
        with self._database.read() as work:
            if request.collection_id is not None:
                scope_of(work, ctx.caller, (request.collection_id,))
            records, cursor = work.jobs.page(
                ctx.caller,
                collection_id=request.collection_id,
                state=request.state,
                limit=request.limit,
                cursor=request.cursor,
            )
            return Page[Job](items=tuple(job_view(record) for record in records), next=cursor)

    @handles(CancelJob)
    def cancel_job(self, request: CancelJob, ctx: Context) -> Job:
        with self._database.begin(ctx) as work:
            record = work.jobs.get(request.job_id)
            request_cancel(work, record)
            work.commit()
            return job_view(record)

    def _one(self, collection_id: str, caller: Caller) -> Collection:
        with self._database.read() as work:
            return _collections(work, [work.collections.get(collection_id)], caller)[0]


def _collections(work: Work, records: Sequence[CollectionRecord], caller: Caller) -> tuple[Collection, ...]:
    ids = [record.id for record in records]
    states, passages = work.collections.states(ids), work.collections.passages(ids)
    sources, versions = work.collections.sources(ids), work.indexes.versions(ids)
    owners = work.users.names({record.owner_id for record in records if record.owner_id})
    writable = work.collections.writable(caller, ids)
    return tuple(
        Collection(
            id=record.id,
            name=record.name,
            description=record.description,
            visibility=Visibility(record.visibility),
            owner=owners.get(record.owner_id or ""),
            created_at=record.created_at,
            updated_at=record.updated_at,
            documents=states[record.id],
            passages=passages.get(record.id, 0),
            sources=sources.get(record.id, 0),
            may_write=record.id in writable,
            index_version=versions.get(record.id),
        )
        for record in records
    )
