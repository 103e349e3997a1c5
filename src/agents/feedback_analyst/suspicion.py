"""Which votes should wait for a person, by what the same and the other readers usually do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from src.database.repositories.feedback import Ratings
from src.database.uow import Work
from src.services.evaluation.ballots import Ballot, Limits, busiest_hour, by_user
from src.services.evaluation.outliers import Review

_PAST = timedelta(days=28)
_RECENT = timedelta(days=1)
_NEW = timedelta(seconds=Limits().young_s)
_MOST = 5000
_OUT = ("held", "discarded")


def suspects(work: Work, now: datetime) -> dict[str, str]:
    """The ids of recent ratings that are out of the ordinary, each with the reason in words.

    What is held or was discarded is no measure of what is usual, but still tells of its own reader's last
    day. What a person released is judged no more.
    """
    since = now - _RECENT
    rows = Ratings(work.session).votes_since(now - _PAST, _MOST)
    released = {row.id for row in rows if row.reviewed_by is not None and row.updated_at >= since}
    usual = [row for row in rows if row.state not in _OUT and row.id not in released]
    found = _held(usual, since)
    noted = [row for row in rows if row.state in _OUT and row.updated_at >= since]
    for user in {row.user_id for row in noted} & {row.user_id for row in rows if row.state == "new"}:
        own = [row for row in noted if row.user_id == user]
        names = {row.id for row in (*usual, *own) if row.user_id == user}
        found |= {id_: reason for id_, reason in _held([*usual, *own], since).items() if id_ in names}
    if noted:
        # New accounts are one voice: what is held of one of them tells of the others.
        new = {row.user_id for row in rows if row.updated_at - row.joined < _NEW}
        theirs = [row for row in noted if row.user_id in new]
        together = _held([*usual, *theirs], since, together=True) if theirs else {}
        found |= {id_: reason for id_, reason in together.items() if id_ not in found}
    return found


def _held(rows: Sequence[Any], since: datetime, *, together: bool = False) -> dict[str, str]:
    """Each collection is judged by itself: what is usual in one is not in another."""
    joined = {row.user_id: row.joined.timestamp() for row in rows}
    ballots: dict[str | None, list[Ballot]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.updated_at):
        ballots[row.collection_id].append(_ballot(row))
    hours = {
        home: [busiest_hour(votes) for votes in by_user(found).values()] for home, found in ballots.items()
    }
    held: dict[str, str] = {}
    for home, found in ballots.items():
        elsewhere = [hour for other, those in hours.items() if other != home for hour in those]
        review = Review(found, joined, elsewhere=elsewhere)
        judge = review.held_together if together else review.held
        reasons = judge(since.timestamp())
        targets = {ballot.id: ballot.target for ballot in found if ballot.id in reasons}
        held |= {id_: _sentence(reason, targets[id_]) for id_, reason in reasons.items()}
    return held


def _ballot(row: Any) -> Ballot:
    return Ballot(
        id=row.id,
        user=row.user_id,
        target=_target(row),
        up=row.verdict == "up",
        at=row.updated_at.timestamp(),
        group=_arm(row),
        shown=row.search_id,
        passage=row.content_key or row.passage_id or "",
    )


def _target(row: Any) -> str:
    """What was judged, the same for all who judged it: a question with a passage's content, or alone, and
    then only for those who were given the same answer to it."""
    return f"{row.question_key}:{row.content_key or row.passage_id or row.kind}{_arm(row)}"


def _arm(row: Any) -> str:
    """The arm of a comparison that an answer is of; nothing for whatever all readers were shown alike."""
    return f":{row.experiment_id}:{row.arm}" if row.arm else ""


def _sentence(reason: str, target: str) -> str:
    words = reason.replace(f" ({target})", "").strip()
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
