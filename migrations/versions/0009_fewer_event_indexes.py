"""Indexes of the event log that an event enters when it is logged, not when it is published.

Revision: 0009
After: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LOGGED = sa.text("position IS NOT NULL")


def upgrade() -> None:
    for name in ("ix_events_unsent", "ix_events_topic", "ix_events_correlation", "ix_events_event_id"):
        op.drop_index(name, "events")
    op.create_index(
        "ix_events_unsent",
        "events",
        ["seq"],
        sqlite_where=sa.text("sent IS 0"),
        postgresql_where=sa.text("sent IS false"),
    )
    _on_logged("ix_events_topic", "topic", "position")
    _on_logged("ix_events_correlation", "correlation_id")


def downgrade() -> None:
    for name in ("ix_events_unsent", "ix_events_topic", "ix_events_correlation"):
        op.drop_index(name, "events")
    op.create_index("ix_events_unsent", "events", ["sent", "seq"])
    op.create_index("ix_events_topic", "events", ["topic", "position"])
    op.create_index("ix_events_correlation", "events", ["correlation_id"])
    op.create_index("ix_events_event_id", "events", ["event_id"])


def _on_logged(name: str, *columns: str) -> None:
    op.create_index(name, "events", list(columns), sqlite_where=_LOGGED, postgresql_where=_LOGGED)
