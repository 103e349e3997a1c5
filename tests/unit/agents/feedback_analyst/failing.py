"""Failing questions with their evidence, as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from src.agents.feedback_analyst.analysis.evidence import Evidence, Origin, Replay, Target
from src.agents.feedback_analyst.analysis.failures import Failure, Occurrence, Shown, Sign
from src.core.messages.questions import Hit, Scores
from src.core.passages import Location, PassageKind
from src.database.repositories.failures import DocumentFacts
from src.services.text.evidence import Weighed

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def facts(document_id: str, *, source_id: str | None = None, added_days_ago: float = 30.0) -> DocumentFacts:
    return DocumentFacts(
        id=document_id,
        collection_id="post",
        source_id=source_id,
        external_id=f"{document_id}.md",
        title=document_id,
        live_hash="new",
        created_at=NOW - timedelta(days=added_days_ago),
        indexed_at=NOW,
    )


def hit(document_id: str, rank: int, dense: float, *duplicates: str) -> Hit:
    """The only passage of a document, ``<document>-1``."""
    return Hit(
        rank=rank,
        passage_id=f"{document_id}-1",
        document_id=document_id,
        collection_id="post",
        external_id=f"{document_id}.md",
        title=document_id,
        uri=None,
        kind=PassageKind.TEXT,
        symbol=None,
        context="",
        text="",
        location=Location(),
        score=dense,
        scores=Scores(dense=dense, fused=dense),
        duplicates=duplicates,
    )


def target(document_id: str, origin: Origin = Origin.VOTE) -> Target:
    passages = frozenset() if origin is Origin.GOLDEN else frozenset({f"{document_id}-1"})
    return Target(passages, facts(document_id), origin)


def evidence(
    *signs: Sign,
    question: str = "How long does a parcel take?",
    shown: Sequence[tuple[str, float]] = (),
    targets: Sequence[Target] = (),
    found: Sequence[Hit] | None = None,
    documents: Sequence[DocumentFacts] = (),
    gone: Sequence[str] = (),
    vector: Sequence[float] = (1.0, 0.0),
    days_ago: float = 1.0,
    usual: float | None = None,
    weighed: Weighed | None = None,
    **more: Any,
) -> Evidence:
    """A question that failed once. ``shown`` are documents with the cosine of their only passage, ``found``
    what the same search finds now; ``more`` are fields of the occurrence."""
    once = Occurrence(
        search_id=f"search of {question}",
        question=question,
        question_key=question,
        user_id="ada",
        at=NOW - timedelta(days=days_ago),
        shown=tuple(
            Shown(f"{key}-1", key, rank, dense, dense) for rank, (key, dense) in enumerate(shown, start=1)
        ),
        signs=set(signs),
        **more,
    )
    known = {one.id: one for one in (*documents, *(target.document for target in targets))}
    known |= {key: known.get(key, facts(key)) for key, _ in shown if key not in gone}
    return Evidence(
        failure=Failure(question, question, np.array(vector, np.float32), (once,)),
        targets=tuple(targets),
        replay=None if found is None else Replay(tuple(found)),
        documents=known,
        gone=frozenset(gone),
        usual=usual,
        weighed=weighed,
        words=tuple(question.lower().rstrip("?").split()),
    )
