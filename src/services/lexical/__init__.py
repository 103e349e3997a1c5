"""Lexical indexes: BM25 in a folder (tantivy) or in PostgreSQL."""
