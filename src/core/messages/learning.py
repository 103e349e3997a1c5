"""The loop of a collection at a glance."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from .base import Access, Id, Page, Reply, Request
from .lists import Cursor, Limit


class VoteCounts(Reply):
    """A collection's ratings of passages: what counts, what waits for a person, what was discarded, and how
    many distinct questions have an up-vote that counts."""

    up: int = 0
    down: int = 0
    held: int = 0
    discarded: int = 0
    last_week: int = 0
    questions: int = 0


class LearningOverview(Reply):
    """Where a collection's loop stands: what readers said, the newest data set, run and candidates, the
    comparison that is going on, and the model that ranks now (None: the default, before anything was
    learned). ``experiment_votes`` are the up-votes of that comparison and ``experiment_look`` how many of
    them have to count for its next look (None in a watch; what counts is in the comparison's progress).
    ``comparison_id`` is a comparison of ways to answer.
    ``models`` counts models by state; ``votes_since_run`` are the up-votes that no training run has seen yet,
    ``votes_gone`` those that the model that ranks learned from and that are gone: deleted with their user or
    document, taken back, turned round or set apart. ``retrain_due`` says that
    no run was made without them yet."""

    collection_id: str
    collection: str
    votes: VoteCounts
    dataset_id: str | None = None
    dataset_version: int | None = None
    dataset_at: datetime | None = None
    run_id: str | None = None
    run_state: str | None = None
    run_reason: str | None = None
    run_at: datetime | None = None
    votes_since_run: int = 0
    models: dict[str, int] = {}
    live_id: str | None = None
    live_version: int | None = None
    live_since: datetime | None = None
    votes_gone: int = 0
    retrain_due: bool = False
    experiment_id: str | None = None
    experiment_purpose: str | None = None
    experiment_votes: int = 0
    experiment_look: int | None = None
    experiment_paused: bool = False
    comparison_id: str | None = None


class OverviewLearning(Request[Page[LearningOverview]]):
    """Where the loop stands in each collection that the caller may read."""

    capability: ClassVar[str] = "learning.overview"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor = None
