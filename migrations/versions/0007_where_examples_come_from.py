"""Examples go with the document whose passage they are about, and say who made them up.

Revision: 0007
After: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = "dataset_examples"


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as table:
        table.add_column(sa.Column("document_id", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("made_by", sa.String(length=200), nullable=True))
        table.create_foreign_key(
            op.f("fk_dataset_examples_document_id"),
            "documents",
            ["document_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.create_index(op.f("ix_dataset_examples_document_id"), _TABLE, ["document_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_dataset_examples_document_id"), _TABLE)
    with op.batch_alter_table(_TABLE) as table:
        table.drop_constraint(op.f("fk_dataset_examples_document_id"), type_="foreignkey")
        table.drop_column("made_by")
        table.drop_column("document_id")
