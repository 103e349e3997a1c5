"""The text of a document for the viewer, with the cited lines marked."""

from __future__ import annotations

from src.core.context import Context
from src.core.errors import NotFoundError
from src.core.messages.documents import DocumentText, ReadDocument
from src.core.messages.questions import Answer, Citation, GetAnswer
from src.core.passages import Location
from src.core.ports import Blobs
from src.database.uow import Database
from src.database.views import document_view
from src.services.parsing.encodings import decode, python_cookie


def read_text(database: Database, blobs: Blobs, request: ReadDocument, ctx: Context) -> DocumentText:
    """Read the version that was asked for: the one an answer cited, else the one that is searched, else
    the one that waits. Raises NotFoundError where the original is gone."""
    marked, passage_id, cited_hash = _marked(database, request, ctx)
    with database.read() as work:
        record = work.documents.get(request.document_id)
        document = document_view(record)
        digest = cited_hash or record.live_hash or record.content_hash
        version = work.documents.version(record.id, digest)
    readable = version.readable_hash if version else None
    return DocumentText(
        document=document,
        text=text_of(blobs.get(readable or digest), version.format if version else record.format),
        language=version.format if version else record.format,
        extracted=readable is not None,
        marked=marked,
        passage_id=passage_id,
        commit=marked.commit if marked and marked.commit else record.commit,
        newer=digest != record.content_hash,
    )


def _marked(
    database: Database, request: ReadDocument, ctx: Context
) -> tuple[Location | None, str | None, str | None]:
    if request.answer_id is not None and request.marker is not None:
        citation = _citation(ctx.ask(GetAnswer(answer_id=request.answer_id)), request)
        return citation.location, citation.passage_id, citation.content_hash
    if request.passage_id is None:
        return None, None, None
    with database.read() as work:
        passage = work.passages.find(request.passage_id)
        if passage is None or passage.document_id != request.document_id:
            raise NotFoundError(
                "The passage is no longer part of this document; the document has changed since."
            )
        return Location.model_validate(passage.location), passage.id, None


def _citation(answer: Answer, request: ReadDocument) -> Citation:
    for citation in answer.citations:
        if citation.marker == request.marker and citation.document_id == request.document_id:
            return citation
    raise NotFoundError(f"The answer has no citation {request.marker} of this document.")


def text_of(content: bytes, format_: str | None) -> str:
    """Text as the parser read it, whose lines the citations count; a NUL is shown as a replacement."""
    declared = python_cookie(content) if format_ == "python" else None
    return decode(content, declared).text.replace("\x00", "\ufffd")
