"""Searches ranked by votes, by learned weights, and by two models at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from src.agents.retrieval.interleaved import first_to_rank
from src.core.caller import Caller
from src.core.clock import new_id
from src.core.errors import ForbiddenError
from src.core.messages.questions import Search, SearchResults
from src.core.messages.ranking import GatherPool
from src.database.models import (
    CollectionRecord,
    ExperimentRecord,
    ModelRecord,
    PassageRecord,
    QuestionVectorRecord,
    RatingRecord,
    SearchRecord,
)
from src.services.evaluation.interleaving import Team
from src.services.ranking.artefact import save
from src.services.ranking.features import FeatureExtractor
from src.services.ranking.linear import RankWeights
from src.services.ranking.ranker import Ranker
from src.services.ranking.signals import standard_features
from src.services.text.questions import question_key
from tests.support.application import House, make_settings, running

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
        adapters = self.house.application.adapters
        artefact = None
        if ranker is not None:
            artefact = adapters.blobs.put(save(ranker, embedding_version=adapters.embedder.version).content)
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


def upside_down() -> Ranker:
    """Weights that turn the order of cosines around."""
    names = FeatureExtractor(standard_features()).names
    weights = np.where([name == "cosine" for name in names], -5.0, 0.0)
    return Ranker(weights=RankWeights(names, np.zeros(len(names)), np.ones(len(names)), weights))


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
    town.model("live", upside_down())
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
    candidate = town.model("candidate", upside_down())
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
    candidate = town.model("candidate", upside_down())
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


def on_trial(town: Town, treatment: str) -> str:
    """The live model in a trial against another one, in every search."""
    control = town.model("live")
    with town.house.application.database.begin() as work:
        work.experiments.add(
            ExperimentRecord(
                id=new_id(),
                collection_id=town.collection_id,
                method="interleaving",
                purpose="trial",
                control_id=control,
                treatment_id=treatment,
                share=1.0,
                state="running",
                rule={},
                power={},
                looks=[],
                started_at=work.now(),
            )
        )
        work.commit()
    return control


def noted(town: Town, results: SearchResults) -> SearchRecord:
    with town.house.application.database.read() as work:
        search = work.session.get(SearchRecord, results.query_id)
    assert search is not None
    return search


def test_a_search_in_an_experiment_shows_both_rankings_and_says_whose_each_entry_is(town: Town) -> None:
    treatment = town.model("trial", upside_down())
    control = on_trial(town, treatment)
    mine, theirs = town.order(model_id=control), town.order(model_id=treatment)
    results = town.find()
    search = noted(town, results)
    assert search.experiment_id is not None
    assert {row["team"] for row in search.hits} == {"control", "treatment"}
    for row, hit in zip(search.hits, results.hits, strict=True):
        assert row["control_rank"] == mine.index(hit.external_id) + 1
        assert row["treatment_rank"] == theirs.index(hit.external_id) + 1
    assert town.order() == [hit.external_id for hit in results.hits], "the same reader sees the same list"


def test_the_way_to_each_ranking_is_timed_and_a_longer_one_is_longer(town: Town) -> None:
    on_trial(town, town.model("trial", upside_down()))
    took = noted(town, town.find()).took_ms
    assert 0 < took["control"] < took["treatment"] <= took["total"], "only weights need the full pool"
    assert {"control", "treatment"}.isdisjoint(town.find().took_ms), "a reader is shown stages"


def test_both_sides_are_the_first_to_rank_by_lot() -> None:
    first = [first_to_rank(f"experiment:reader:{n}")[0] for n in range(1000)]
    assert 430 < first.count(Team.CONTROL) < 570
    assert set(first_to_rank("a seed")) == {Team.CONTROL, Team.TREATMENT}


@pytest.mark.parametrize("lost", [False, True])
def test_a_model_on_trial_that_cannot_rank_leaves_the_search_with_the_live_one(
    town: Town, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    before = town.order()
    treatment = town.model("trial", upside_down())
    on_trial(town, treatment)
    if lost:
        with town.house.application.database.begin() as work:
            work.models.get(treatment).artefact = "0" * 64
            work.commit()
    else:
        monkeypatch.setattr(RankWeights, "contributions", _broken)
    results = town.find()
    assert [hit.external_id for hit in results.hits] == before
    search = noted(town, results)
    assert search.experiment_id is not None, "its guardrail counts the failure"
    assert "treatment" not in search.took_ms
    assert search.took_ms["control"] > 0
    assert not any("team" in row for row in search.hits), "a vote on it says nothing of either"


def _broken(*_: object) -> np.ndarray:
    raise ValueError("made of other features")


def test_a_training_pool_has_every_feature_of_every_candidate(town: Town) -> None:
    pool = town.house.ask(GatherPool(collection_id=town.collection_id, query=QUESTION))
    assert set(pool.external_ids) == set(TEXTS)
    assert len(pool.features) == len(pool.content_keys) == len(pool.dense) == len(TEXTS)
    assert {len(row) for row in pool.features} == {len(pool.names)}
    ranked = [pool.external_ids[n] for n in np.argsort(-np.array(pool.fused), kind="stable")]
    assert ranked[0] == town.order()[0]
