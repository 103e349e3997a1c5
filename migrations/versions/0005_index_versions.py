"""Several embedding models at once: how each is found, and which a collection and a model want.

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embeddings",
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("precision", sa.String(length=20), nullable=False),
        sa.Column("artefact", sa.String(length=64), nullable=True),
        sa.Column("collection_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name=op.f("fk_embeddings_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_embeddings")),
    )
    op.create_index(op.f("ix_embeddings_collection_id"), "embeddings", ["collection_id"])
    op.add_column("collections", sa.Column("embedding_version", sa.String(length=200), nullable=True))
    op.add_column("models", sa.Column("embedding_version", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("models", "embedding_version")
    op.drop_column("collections", "embedding_version")
    op.drop_index(op.f("ix_embeddings_collection_id"), "embeddings")
    op.drop_table("embeddings")
