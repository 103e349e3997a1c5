"""Reports in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from src.core.clock import new_id
from src.core.messages.insights import Insight, InsightsFound
from src.database.models import InsightRecord
from src.database.repositories.insights import Insights
from src.database.uow import UnitOfWork

from .gathering import Home
from .report import Draft
from .titles import Title

_SAME = 0.5
"""The share of common questions from which on two groups are the same one, as it went on."""


def insight_of(record: InsightRecord) -> Insight:
    """The insight as it was found."""
    return Insight.model_validate(record.report)


def store(
    work: UnitOfWork,
    home: Home,
    found: Sequence[Draft],
    titles: Sequence[Title],
    before: Sequence[InsightRecord],
) -> None:
    """Put a report in the place of the one ``before``, and tell of it where it says anything else. A group
    that goes on keeps its id."""
    same = going_on(found, before)
    records = [
        _record(work, home, draft, title, same.get(place))
        for place, (draft, title) in enumerate(zip(found, titles, strict=True))
    ]
    Insights(work.session).replace(home, records)
    if sorted(map(_picture, records)) != sorted(map(_picture, before)):
        work.publish(
            InsightsFound(
                collection_id=home,
                insight_ids=tuple(record.id for record in records),
                new=len(records) - len(same),
                causes=dict(sorted(Counter(record.cause for record in records).items())),
            )
        )


def _record(
    work: UnitOfWork, home: Home, draft: Draft, title: Title, known: InsightRecord | None
) -> InsightRecord:
    now = work.now()
    first_found_at = known.first_found_at if known else now
    insight = Insight.model_validate(
        {
            **draft.fields,
            "id": known.id if known else new_id(),
            "collection_id": home,
            "title": title[0],
            "named_by": title[1],
            "words": draft.words,
            "cause": draft.cause,
            "size": draft.size,
            "first_found_at": first_found_at,
            "found_at": now,
        }
    )
    return InsightRecord(
        id=insight.id,
        collection_id=home,
        cause=draft.cause,
        size=draft.size,
        question_keys=list(draft.keys),
        report=insight.model_dump(mode="json"),
        first_found_at=first_found_at,
        at=now,
    )


def going_on(found: Sequence[Draft], before: Sequence[InsightRecord]) -> dict[int, InsightRecord]:
    """Which earlier group each draft goes on from, by place: one with at least half of all their questions
    in common. The largest drafts choose first."""
    left = list(before)
    same: dict[int, InsightRecord] = {}
    for place, draft in enumerate(found):
        likest = max(left, key=lambda record: (_common(draft, record), record.id), default=None)
        if likest is not None and _common(draft, likest) >= _SAME:
            same[place] = likest
            left.remove(likest)
    return same


def _common(draft: Draft, record: InsightRecord) -> float:
    one, other = set(draft.keys), set(record.question_keys)
    return len(one & other) / len(one | other)


def _picture(record: InsightRecord) -> str:
    """What a report says of a group, but for when it was found."""
    report: Mapping[str, Any] = record.report
    return repr(sorted((key, value) for key, value in report.items() if key != "found_at"))
