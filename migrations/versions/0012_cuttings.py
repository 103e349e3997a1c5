"""Several ways to cut documents side by side: which one an index, a passage and a model have.

Revision: 0012
After: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_CUT = ("collections", "indexes", "passages")


def upgrade() -> None:
    # What is there follows the configuration, which the default says of every row at once.
    for table in _CUT:
        op.add_column(
            table, sa.Column("cutting", sa.String(length=200), nullable=False, server_default="configured")
        )
    op.add_column("models", sa.Column("cutting", sa.String(length=200), nullable=True))
    op.create_table(
        "document_cuts",
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("cutting", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=100), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_cuts_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "cutting", name=op.f("pk_document_cuts")),
    )
    op.create_table(
        "counterparts",
        sa.Column("collection_id", sa.String(length=64), nullable=False),
        sa.Column("cutting", sa.String(length=200), nullable=False),
        sa.Column("content_key", sa.String(length=64), nullable=False),
        sa.Column("counterpart_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name=op.f("fk_counterparts_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "collection_id", "cutting", "content_key", "counterpart_key", name=op.f("pk_counterparts")
        ),
    )


def downgrade() -> None:
    """Only what follows the configuration is known before this; the next start builds the indexes anew
    where another cutting was searched."""
    op.drop_table("counterparts")
    op.drop_table("document_cuts")
    op.execute("DELETE FROM facts WHERE name = 'cutting'")
    op.execute("DELETE FROM indexes WHERE cutting <> 'configured'")
    op.execute("DELETE FROM passages WHERE cutting <> 'configured'")
    op.drop_column("models", "cutting")
    for table in reversed(_CUT):
        op.drop_column(table, "cutting")
