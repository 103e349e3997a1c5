"""Comparisons of answers: models that answer beside those that rank, and the arm of each answer.

Revision: 0008
After: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LIVE = sa.text("state = 'live'")
_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    op.add_column("models", sa.Column("role", sa.String(length=20), nullable=False, server_default="ranking"))
    _one_live("collection_id", "role")
    _one_running("collection_id", "method")
    op.add_column("answers", sa.Column("experiment_id", sa.String(length=64), nullable=True))
    op.add_column("answers", sa.Column("arm", sa.String(length=20), nullable=True))
    op.add_column("answers", sa.Column("fell_back", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_answers_experiment_id"), "answers", ["experiment_id"])


def downgrade() -> None:
    # What the older schema has no place for goes: it knows neither ways to answer nor their comparisons.
    op.execute(sa.text("DELETE FROM experiments WHERE method = 'ab'"))
    op.execute(sa.text("DELETE FROM models WHERE role = 'answering'"))
    op.drop_index(op.f("ix_answers_experiment_id"), "answers")
    for name in ("fell_back", "arm", "experiment_id"):
        op.drop_column("answers", name)
    _one_running("collection_id")
    _one_live("collection_id")
    op.drop_column("models", "role")


def _one_live(*columns: str) -> None:
    op.drop_index("uq_models_live", "models")
    op.create_index(
        "uq_models_live", "models", list(columns), unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    )


def _one_running(*columns: str) -> None:
    op.drop_index("uq_experiments_running", "experiments")
    op.create_index(
        "uq_experiments_running",
        "experiments",
        list(columns),
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )
