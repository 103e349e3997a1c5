"""The tables of the lexical index in PostgreSQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, MetaData, Table, Text

metadata = MetaData()

indexes = Table(
    "lexical_indexes",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("index_id", Text, nullable=False, unique=True),
    Column("passages", BigInteger, nullable=False, server_default="0"),
    Column("words", BigInteger, nullable=False, server_default="0"),
)
"""``passages`` and ``words`` are the totals that BM25 needs, kept by every writing transaction."""

passages = Table(
    "lexical_passages",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column(
        "index_number",
        ForeignKey("lexical_indexes.number", ondelete="CASCADE"),
        type_=Integer,
        nullable=False,
    ),
    Column("passage_id", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Index("ix_lexical_passages_id", "index_number", "passage_id", unique=True),
)

postings = Table(
    "lexical_postings",
    metadata,
    Column("index_number", Integer, nullable=False),
    Column("word", Text(collation="C"), nullable=False),
    Column("passage_number", BigInteger, nullable=False),
    Column("frequency", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Index(
        "ix_lexical_postings_word",
        "index_number",
        "word",
        postgresql_include=["passage_number", "frequency", "length"],
    ),
    Index("ix_lexical_postings_passage", "passage_number"),
)
"""One row for each word of a passage. The covering index answers a search without the table; there are
no foreign keys, since a check of each row would double the cost of writing."""
