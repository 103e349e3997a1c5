"""The lexical index in PostgreSQL; beside SQLite it is kept in files of its own.

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "lexical_indexes",
        sa.Column("number", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("index_id", sa.Text(), nullable=False, unique=True),
        sa.Column("passages", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("words", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "lexical_passages",
        sa.Column("number", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "index_number",
            sa.Integer(),
            sa.ForeignKey("lexical_indexes.number", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("passage_id", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
    )
    op.create_index("ix_lexical_passages_id", "lexical_passages", ["index_number", "passage_id"], unique=True)
    op.create_table(
        "lexical_postings",
        sa.Column("index_number", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("passage_number", sa.BigInteger(), nullable=False),
        sa.Column("frequency", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_lexical_postings_word",
        "lexical_postings",
        ["index_number", "word"],
        postgresql_include=["passage_number", "frequency", "length"],
    )
    op.create_index("ix_lexical_postings_passage", "lexical_postings", ["passage_number"])


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("lexical_postings", "lexical_passages", "lexical_indexes"):
        op.drop_table(table)
