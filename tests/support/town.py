"""A collection whose ranking a test can teach, in a running application."""

from __future__ import annotations

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.messages.questions import Search, SearchResults
from src.database.models import (
    CollectionRecord,
    ModelRecord,
    PassageRecord,
    QuestionVectorRecord,
    RatingRecord,
)
from src.services.ranking.ranker import Ranker
from src.services.text.questions import question_key
from tests.support.application import House
from tests.support.rankers import stored

PLACES = ("harbour", "market", "station", "library", "museum", "garden", "bridge", "tower")
TEXTS: dict[str, bytes | str] = {
    f"{place}.md": f"# The {place}\n\nThe {place} opens at nine and closes when the sun goes down.\n"
    for place in PLACES
}
READER = Caller(user_id="somebody", username="ada", roles=frozenset({"reader"}))
QUESTION = "When does the place open?"


class Town:
    """A collection whose ranking can be taught."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.collection_id = house.collection("Town")
        house.upload(self.collection_id, TEXTS)

    def find(self, query: str = QUESTION, **more: object) -> SearchResults:
        return self.house.ask(
            Search.model_validate({"query": query, "collection_ids": (self.collection_id,), **more})
        )

    def order(self, query: str = QUESTION, **more: object) -> list[str]:
        return [hit.external_id for hit in self.find(query, **more).hits]

    def first(self, query: str = QUESTION, **more: object) -> str:
        """The external id of what is shown first."""
        return self.order(query, **more)[0]

    def vote(self, query: str, external_id: str, verdict: str, state: str = "counted") -> str:
        """A stored vote with its question's vector, and the memory's new version."""
        hit = next(hit for hit in self.find(query, k=20).hits if hit.external_id == external_id)
        application = self.house.application
        vector = application.adapters.embedder.embed_query(query)
        version = application.adapters.embedder.version
        with application.database.begin() as work:
            passage = work.session.get(PassageRecord, hit.passage_id)
            collection = work.session.get(CollectionRecord, self.collection_id)
            assert passage is not None
            assert collection is not None
            collection.memory_version += 1
            key = question_key(query)
            if work.session.get(QuestionVectorRecord, (key, version)) is None:
                work.session.add(
                    QuestionVectorRecord(question_key=key, embedding_version=version, vector=vector.tobytes())
                )
            rating_id = new_id()
            work.session.add(
                RatingRecord(
                    id=rating_id,
                    user_id=self.house.caller.user_id,
                    object_key=rating_id,
                    kind="hit",
                    search_id=new_id(),
                    collection_id=self.collection_id,
                    document_id=hit.document_id,
                    passage_id=hit.passage_id,
                    content_key=passage.embedding_key,
                    question=query,
                    question_key=key,
                    verdict=verdict,
                    reasons=[],
                    state=state,
                    created_at=work.now(),
                    updated_at=work.now(),
                )
            )
            work.commit()
        return rating_id

    def forget(self, rating_id: str) -> None:
        with self.house.application.database.begin() as work:
            work.session.delete(work.session.get(RatingRecord, rating_id))
            collection = work.session.get(CollectionRecord, self.collection_id)
            assert collection is not None
            collection.memory_version += 1
            work.commit()

    def model(self, state: str, ranker: Ranker | None = None) -> str:
        artefact = stored(self.house.application, ranker) if ranker is not None else None
        with self.house.application.database.begin() as work:
            record = ModelRecord(
                id=new_id(),
                collection_id=self.collection_id,
                version=work.models.next_version(self.collection_id),
                kind="ranker",
                state=state,
                artefact=artefact,
                card={},
                created_at=work.now(),
                changed_at=work.now(),
            )
            work.models.add(record)
            work.commit()
            return record.id
