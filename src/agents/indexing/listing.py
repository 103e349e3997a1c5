"""What a collection is indexed with: its indexes, and how its documents are cut."""

from __future__ import annotations

from src.core.errors import IndexMissingError
from src.core.messages import Page
from src.core.messages.indexes import IndexVersion, IndexVersions, ListUncutDocuments, UncutDocument
from src.core.ports import Parser, VectorIndex
from src.database.models import CollectionRecord, IndexRecord
from src.database.uow import Work
from src.services.embeddings.versions import Embedders
from src.services.indexing import IndexWriter
from src.services.indexing.cutting import cut_otherwise


class IndexListing:
    """Lists indexes with their states."""

    def __init__(
        self, vectors: VectorIndex, writer: IndexWriter, embedders: Embedders, parser: Parser
    ) -> None:
        self._vectors = vectors
        self._writer = writer
        self._embedders = embedders
        self._parser = parser

    def of(self, work: Work, collection: CollectionRecord) -> IndexVersions:
        wanted = self._writer.wanted(collection)
        cutting = self._parser.cut_by(wanted.cutting).version
        return IndexVersions(
            collection_id=collection.id,
            wanted=wanted.embedding_version,
            configured=self._embedders.current.version,
            chunker=collection.cutting,
            cutting=cutting,
            cut_otherwise=sum(
                cut_otherwise(document, cutting) for document in work.documents.cuts(collection.id)
            ),
            passages=work.passages.searched_count(collection.id),
            indexes=tuple(self._index(work, index) for index in work.indexes.of(collection.id)),
        )

    def uncut(self, work: Work, request: ListUncutDocuments) -> Page[UncutDocument]:
        found, cursor = work.cuts.failures(
            request.collection_id, request.chunker, limit=request.limit, cursor=request.cursor
        )
        items = tuple(
            UncutDocument(
                document_id=document.id,
                external_id=document.external_id,
                title=document.title,
                code=cut.error_code,
                detail=cut.error_detail or "",
            )
            for document, cut in found
        )
        return Page[UncutDocument](items=items, next=cursor)

    def _index(self, work: Work, index: IndexRecord) -> IndexVersion:
        made_with = work.embeddings.find(index.embedding_version)
        return IndexVersion(
            id=index.id,
            embedding_version=index.embedding_version,
            model=made_with.model if made_with is not None else index.embedding_version,
            tuned=made_with is not None and made_with.artefact is not None,
            chunker=index.cutting,
            passages=self._passages(index.id),
            expected=work.passages.live_count(index.collection_id, index.cutting),
            uncut=work.cuts.failed(index.collection_id, index.cutting),
            lexical_version=index.lexical_version,
            state=index.state,
            created_at=index.created_at,
            switched_at=index.switched_at,
        )

    def _passages(self, index: str) -> int | None:
        try:
            return self._vectors.count(index)
        except IndexMissingError:
            return None
