"""Searches ranked by votes and by learned weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from src.core.clock import new_id
from src.core.errors import ForbiddenError
from src.core.messages.questions import Search
from src.core.messages.ranking import GatherPool
from src.database.models import (
    ModelRecord,
    SearchRecord,
)
from tests.support.application import House, make_settings, running
from tests.support.rankers import by_cosine
from tests.support.town import PLACES, QUESTION, READER, TEXTS, Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with running(make_settings(tmp_path)) as application:
        yield Town(House(application))


def test_a_vote_lifts_its_passage_for_like_questions_until_it_is_taken_back(town: Town) -> None:
    before = town.order()
    last = before[-1]
    rating = town.vote(QUESTION, last, "up")
    results = town.find("when does the place open")
    lifted = next(hit for hit in results.hits if hit.external_id == last)
    assert lifted.rank < len(before)
    assert lifted.scores.prior == pytest.approx(0.1, abs=0.005)
    assert lifted.score == pytest.approx(lifted.scores.fused + lifted.scores.prior)
    assert town.order("Who painted the ceiling of the chapel?") is not None
    assert all(hit.scores.prior is None for hit in town.find("Who painted the ceiling?").hits)
    town.forget(rating)
    assert town.order() == before


def test_a_learned_ranking_tells_the_exact_match_as_the_default_does(town: Town) -> None:
    named = 'When does the "harbour" open?'
    plain = {hit.external_id: hit.scores.identifier for hit in town.find(named).hits}
    town.model("live", by_cosine(-5.0))
    learned = {hit.external_id: hit.scores.identifier for hit in town.find(named).hits}
    assert plain == learned
    assert learned == {f"{place}.md": float(place == "harbour") for place in PLACES}
    assert all(hit.scores.identifier is None for hit in town.find().hits)


def test_a_held_vote_moves_nothing_and_a_down_vote_pushes_down(town: Town) -> None:
    before = town.order()
    town.vote(QUESTION, before[-1], "up", state="held")
    assert town.order() == before
    town.vote(QUESTION, before[0], "down")
    pushed = next(hit for hit in town.find().hits if hit.external_id == before[0])
    assert pushed.scores.prior is not None
    assert pushed.scores.prior < 0


def test_a_switch_of_models_is_seen_by_the_next_search(town: Town) -> None:
    before = town.order()
    first = town.model("live")
    candidate = town.model("candidate", by_cosine(-5.0))
    assert town.order() == before
    assert town.order(model_id=candidate) != before, "a replay ranks with the candidate"
    with town.house.application.database.begin() as work:
        for model_id, state in ((first, "retired"), (candidate, "live")):
            work.models.change(
                work.models.get(model_id), state, by="test", reason="test", evidence={}, at=work.now()
            )
        work.commit()
    results = town.find()
    assert [hit.external_id for hit in results.hits] == town.order(model_id=candidate)
    with town.house.application.database.read() as work:
        search = work.session.get(SearchRecord, results.query_id)
        assert search is not None
        assert search.models == {town.collection_id: candidate}


def test_a_replay_remembers_other_questions_but_not_the_votes_on_its_own(town: Town) -> None:
    before, model = town.order(), town.model("live")
    town.vote(QUESTION, before[-1], "up")
    assert town.order() != before
    assert town.order(model_id=model) == before
    alike = QUESTION.replace("When does", "When exactly does")
    assert town.order(alike, model_id=model) == town.order(alike)


def test_a_replay_is_not_recorded_and_not_for_readers(town: Town) -> None:
    candidate = town.model("candidate", by_cosine(-5.0))
    results = town.find(model_id=candidate)
    with town.house.application.database.read() as work:
        assert work.session.get(SearchRecord, results.query_id) is None
    with pytest.raises(ForbiddenError):
        town.house.ask(Search(query=QUESTION, model_id=candidate), READER)


def test_a_lost_artefact_leaves_the_search_with_the_default(town: Town) -> None:
    before = town.order()
    with town.house.application.database.begin() as work:
        record = ModelRecord(
            id=new_id(),
            collection_id=town.collection_id,
            version=1,
            kind="ranker",
            state="live",
            artefact="0" * 64,
            card={},
            created_at=work.now(),
            changed_at=work.now(),
        )
        work.models.add(record)
        work.commit()
    assert town.order() == before


def test_a_training_pool_has_every_feature_of_every_candidate(town: Town) -> None:
    pool = town.house.ask(GatherPool(collection_id=town.collection_id, query=QUESTION))
    assert set(pool.external_ids) == set(TEXTS)
    assert len(pool.features) == len(pool.content_keys) == len(pool.dense) == len(TEXTS)
    assert {len(row) for row in pool.features} == {len(pool.names)}
    ranked = [pool.external_ids[n] for n in np.argsort(-np.array(pool.fused), kind="stable")]
    assert ranked[0] == town.order()[0]
