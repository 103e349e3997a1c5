"""What training needs of retrieval."""

from __future__ import annotations

from typing import ClassVar

from .base import Access, Id, Reply, Request
from .questions import Question


class TrainingPool(Reply):
    """The candidates of a question as learned weights would rank them, one entry each in every field.

    ``content_keys`` name the passages' contents; ``features`` has a row for each candidate and a column for
    each of ``names``; ``dense`` is the cosine, ``fused`` the score of the default fusion.
    """

    passage_ids: tuple[str, ...]
    content_keys: tuple[str, ...]
    external_ids: tuple[str, ...]
    names: tuple[str, ...]
    features: tuple[tuple[float, ...], ...]
    dense: tuple[float, ...]
    fused: tuple[float, ...]


class GatherPool(Request[TrainingPool]):
    """The full pool of candidates of a question in one collection, with every feature."""

    capability: ClassVar[str] = "passage.pool"
    access: ClassVar[Access] = Access.administer()
    collection_id: Id
    query: Question
