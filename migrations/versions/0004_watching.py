"""Measurements, alerts, error patterns, and what is counted over many answers.

Revision: 0004
After: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FAILED = sa.text("error_code IS NOT NULL")
_OPEN = sa.text("state <> 'cleared'")


def upgrade() -> None:
    op.create_table(
        "measurements",
        sa.Column("collector", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_s", sa.Float(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("collector", name=op.f("pk_measurements")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calm_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["rule", "subject"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_alerts_state", "alerts", ["state", "id"])
    op.create_index(op.f("ix_alerts_cleared_at"), "alerts", ["cleared_at"])
    op.create_table(
        "error_patterns",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("example", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_error_patterns")),
    )
    op.create_index(op.f("ix_error_patterns_last_at"), "error_patterns", ["last_at"])
    op.create_table(
        "error_hours",
        sa.Column("pattern_id", sa.String(length=64), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["error_patterns.id"], name=op.f("fk_error_hours_pattern_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pattern_id", "hour", name=op.f("pk_error_hours")),
    )

    op.add_column("activities", sa.Column("error", sa.Text(), nullable=True))
    op.create_index(
        "ix_documents_failed", "documents", ["updated_at"], sqlite_where=_FAILED, postgresql_where=_FAILED
    )
    for name in ("claims", "unsupported", "input_tokens", "output_tokens"):
        op.add_column("answers", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("answers", sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("answers", sa.Column("cost_usd", sa.Float(), nullable=True))
    op.add_column("answers", sa.Column("took_ms", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.create_index(op.f("ix_answers_asked_at"), "answers", ["asked_at"])


def downgrade() -> None:
    # Not in batches: SQLite would copy the table and drop the old one, and what belongs to it with it.
    op.drop_index(op.f("ix_answers_asked_at"), "answers")
    for name in ("took_ms", "cost_usd", "refused", "output_tokens", "input_tokens", "unsupported", "claims"):
        op.drop_column("answers", name)
    op.drop_index("ix_documents_failed", "documents")
    op.drop_column("activities", "error")
    op.drop_table("error_hours")
    op.drop_index(op.f("ix_error_patterns_last_at"), "error_patterns")
    op.drop_table("error_patterns")
    op.drop_index(op.f("ix_alerts_cleared_at"), "alerts")
    op.drop_index("ix_alerts_state", "alerts")
    op.drop_index("uq_alerts_open", "alerts")
    op.drop_table("alerts")
    op.drop_table("measurements")
