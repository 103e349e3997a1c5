"""An application beside a folder of sources."""

from __future__ import annotations

from pathlib import Path

from src.core.jobs import JobState
from src.core.messages.documents import Document, ListDocuments
from src.core.messages.indexes import CheckIndexes
from src.core.messages.questions import Search
from src.core.messages.sources import AddSource, GetSource, Source, SyncSource

from .application import House, wait_for
from .embedders import Watched


class Yard(House):
    """The house beside a folder of sources, with a watched embedder."""

    embedder: Watched
    root: Path

    def follow(self, collection_id: str, kind: str, location: Path, **fields: object) -> str:
        request = AddSource.model_validate(
            {"collection_id": collection_id, "kind": kind, "location": str(location)} | fields
        )
        added = self.ask(request)
        assert self.finished(added.job_id).state is JobState.SUCCEEDED
        return added.source_id

    def sync(self, source_id: str) -> Source:
        """Bring the source up to date; the texts embedded before are forgotten."""
        self.embedder.texts.clear()
        job = self.finished(self.ask(SyncSource(source_id=source_id)).job_id)
        assert (job.state, job.error) == (JobState.SUCCEEDED, None)
        return self.ask(GetSource(source_id=source_id))

    def documents(self, collection_id: str) -> dict[str, Document]:
        return {d.external_id: d for d in self.ask(ListDocuments(collection_id=collection_id)).items}

    def paths(self, query: str, collection_id: str) -> list[str | None]:
        hits = self.ask(Search(query=query, collection_ids=(collection_id,))).hits
        return [hit.location.path for hit in hits]

    def sound(self, collection_id: str) -> bool:
        """The indexes are true to SQL, once the events of what was removed have been handled."""
        return wait_for(lambda: self.ask(CheckIndexes(collection_id=collection_id)).sound)
