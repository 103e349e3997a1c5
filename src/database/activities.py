"""How an activity is written down."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from src.core.activity import Activity
from src.core.clock import new_id

from .models import ActivityLine
from .prepared import Prepared

_NEW_LINE = Prepared(lambda _: insert(ActivityLine.__table__))  # type: ignore[arg-type]  # a mapped table is a Table


def storable(text: str | None, longest: int) -> str | None:
    """The beginning of the text without what PostgreSQL cannot hold."""
    if text is None:
        return None
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()[:longest]


def add_activity(connection: Connection, activity: Activity) -> None:
    """Add a line, without an object: there is one for each request."""
    _NEW_LINE.run(
        connection,
        {
            "id": new_id(),
            "capability": activity.capability,
            "agent": activity.agent,
            "caller": activity.caller,
            "at": activity.at,
            "duration_ms": activity.duration_ms,
            "outcome": activity.outcome,
            "correlation_id": activity.correlation_id,
            "error": storable(activity.error, 1000),
        },
    )
