"""What a start owes before anybody asks: the sample, documents cut as configured, and sound indexes."""

from __future__ import annotations

import logging

from src.core.caller import Caller
from src.core.messages.collections import CreateCollection, ListCollections
from src.core.messages.documents import RecutDocuments
from src.core.messages.indexes import RepairIndexesJob
from src.core.messages.sources import AddSource
from src.core.orchestrator import AgentOrchestrator
from src.database.uow import Database
from src.services.indexing.cutting import CUTTING_FACT

log = logging.getLogger("stoa.start")

SAMPLE_FACT = "sample"
SAMPLE_NAME = "Python standard library"
SAMPLE_DESCRIPTION = "The modules that come with this server's Python: something real to ask about."


def make_sample(database: Database, orchestrator: AgentOrchestrator) -> None:
    """Make the sample collection, once in the life of a data folder; one that was deleted stays so.

    Each step looks at what is there, so that a start that was cut short is made good by the next.
    """
    from src.services.sources.stdlib import stdlib_source

    with database.read() as work:
        if work.facts.value(SAMPLE_FACT) is not None:
            return
        fresh = not any(c.name != SAMPLE_NAME for c in work.collections.all())
    ctx = orchestrator.context(Caller.agent("start"))
    if fresh:
        existing = [c for c in orchestrator.ask(ListCollections(), ctx).items if c.name == SAMPLE_NAME]
        collection = (
            existing[0]
            if existing
            else orchestrator.ask(CreateCollection(name=SAMPLE_NAME, description=SAMPLE_DESCRIPTION), ctx)
        )
        if collection.sources == 0:
            spec = stdlib_source()
            orchestrator.ask(
                AddSource(
                    collection_id=collection.id,
                    kind=spec.kind,
                    location=spec.location,
                    include=spec.include,
                    exclude=spec.exclude,
                ),
                ctx,
            )
    with database.begin() as work:
        work.facts.note(SAMPLE_FACT, "made" if fresh else "not wanted")
        work.commit()


def queue_recutting(database: Database, cutting: str) -> None:
    """Have the documents cut anew that were cut by another parser than the one of that version, or with other
    settings; nothing where they were compared with it before."""
    with database.begin() as work:
        if work.facts.value(CUTTING_FACT) == cutting:
            return
        if not any(work.passages.any_searched(each.id) for each in work.collections.all()):
            work.facts.note(CUTTING_FACT, cutting)
        elif work.jobs.open(RecutDocuments.kind) is None:
            work.enqueue(RecutDocuments())
        work.commit()


def queue_repair(database: Database) -> None:
    """Have the live indexes compared with SQL, small gaps closed and outdated ones rebuilt."""
    with database.begin() as work:
        if work.jobs.open(RepairIndexesJob.kind) is None:
            work.enqueue(RepairIndexesJob())
            work.commit()
