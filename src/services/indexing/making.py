"""What an index is made with, which is what makes it another version."""

from __future__ import annotations

from dataclasses import dataclass

from src.database.models import IndexRecord


@dataclass(frozen=True)
class Making:
    """An embedding version and a cutting: which passages an index holds, and in which vectors."""

    embedding_version: str
    cutting: str

    @classmethod
    def of(cls, index: IndexRecord) -> Making:
        return cls(index.embedding_version, index.cutting)
