"""Votes that came with documents: what a forum's readers thought of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from src.core.messages.questions import LONGEST_QUESTION
from src.database.models import DocumentRecord, PassageRecord
from src.database.repositories.base import chunks
from src.database.repositories.passages import searched
from src.database.uow import Work
from src.services.text.questions import question_key

from .votes import WEIGHTS, Exclusion, Origin, Vote


def document_votes(work: Work, collection_id: str) -> Iterator[Vote]:
    """Of the documents whose metadata names a ``question`` with a ``score``, or that they are
    ``accepted``: above 0 or accepted is an up-vote, below 0 a down-vote."""
    asked = DocumentRecord.details["question"].as_string()
    query = select(DocumentRecord).where(
        DocumentRecord.collection_id == collection_id,
        DocumentRecord.live_version.is_not(None),
        asked.is_not(None),
    )
    documents = list(work.session.scalars(query.order_by(DocumentRecord.id)))
    contents: dict[str, list[str]] = {}
    for part in chunks([document.id for document in documents]):
        rows = select(PassageRecord.document_id, PassageRecord.embedding_key).where(
            PassageRecord.document_id.in_(part), searched(collection_id)
        )
        for document_id, content_key in work.session.execute(rows.order_by(PassageRecord.ordinal)):
            contents.setdefault(document_id, []).append(content_key)
    for document in documents:
        vote = _vote(document, contents.get(document.id, []))
        if vote is not None:
            yield vote


def _vote(document: DocumentRecord, contents: Sequence[str]) -> Vote | None:
    question, balance = document.details.get("question"), _balance(document)
    if not isinstance(question, str) or not question.strip() or balance == 0:
        return None
    question = question.strip()[:LONGEST_QUESTION].strip()
    hindrance = None
    if question_key(question) == question_key(document.title):
        # Who learned from these would learn to look for the question's own words in titles.
        hindrance = Exclusion.TITLE
    elif len(contents) != 1:
        hindrance = Exclusion.SEVERAL if contents else Exclusion.GONE
    return Vote(
        rating_id=None,
        reader=None,
        origin=Origin.DOCUMENT,
        question=question,
        question_key=question_key(question),
        content_key=contents[0] if contents else None,
        document_id=document.id,
        up=balance > 0,
        at=document.created_at,
        weight=WEIGHTS[Origin.DOCUMENT],
        hindrance=hindrance,
    )


def _balance(document: DocumentRecord) -> int:
    """1, -1, or 0 where it says nothing."""
    if document.details.get("accepted") is True:
        return 1
    score = document.details.get("score")
    if not isinstance(score, int | float) or isinstance(score, bool):
        return 0
    return (score > 0) - (score < 0)
