"""A vote is remembered in every index that may be searched, whatever embedding model it has."""

from __future__ import annotations

import time
from pathlib import Path

from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.indexes import ReturnIndex
from src.core.messages.questions import Search
from src.core.passages import CONFIGURED
from src.database.repositories.votes import passage_votes
from tests.integration.application.test_index_versions import Coast, coast
from tests.support.application import wait_for

SECONDS = 10.0


def vote(house: Coast, question: str) -> str:
    """An up-vote on the last hit; returns its passage."""
    found = house.ask(Search(query=question))
    hit = found.hits[-1]
    house.ask(RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP))
    return hit.passage_id


def lifted(house: Coast, question: str, passage_id: str) -> bool:
    hits = house.ask(Search(query=question)).hits
    return any(hit.passage_id == passage_id and (hit.scores.prior or 0.0) > 0.05 for hit in hits)


def test_votes_work_at_once_in_the_index_of_another_model_and_after_a_switch(tmp_path: Path) -> None:
    with coast(tmp_path, embedding_precision="float32", learning=False) as other:
        version = other.configured
    with coast(tmp_path, learning=False) as house:
        house.filled()
        before = vote(house, "what moves the water")
        house.rebuilt(version)
        assert version in house.search().index_version
        assert lifted(house, "what moves the water?", before), "a vote from before the switch"
        began = time.monotonic()
        after = vote(house, "which animal steals food")
        wait_for(lambda: lifted(house, "which animal steals food?", after), timeout_s=SECONDS)
        print(f"remembered after {time.monotonic() - began:.1f} s")
        house.ask(ReturnIndex(collection_id=house.collection_id))
        assert lifted(house, "which animal steals food?", after), "a vote from the other index"
        back = vote(house, "what became of the bridge")
        wait_for(lambda: lifted(house, "what became of the bridge?", back), timeout_s=SECONDS)
        wait_for(lambda: known_in(house, version, 3), timeout_s=SECONDS)
        house.rebuilt(version)
        assert lifted(house, "what became of the bridge?", back)


def known_in(house: Coast, version: str, questions: int) -> bool:
    with house.application.database.read() as work:
        return len(passage_votes(work.session, house.collection_id, version, CONFIGURED)) == questions
