"""Other passages from proposal to promotion by readers' votes, and back; searches go on all the while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.caller import Caller
from src.core.errors import ConflictError, InvalidRequestError
from src.core.messages.experiments import (
    Experiment,
    ExperimentState,
    GetExperiment,
    ListExperiments,
    Purpose,
)
from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.golden import AddGoldenSet, GoldenJudgment, GoldenQuestion
from src.core.messages.indexes import IndexVersions, ListIndexVersions
from src.core.messages.models import (
    GetModel,
    ListModels,
    ModelDetail,
    ModelState,
    ProposeChunker,
    RollBackModel,
)
from src.core.messages.questions import Search, SearchResults
from src.database.models import SearchRecord
from src.services.evaluation.interleaving import Entry, Team
from tests.integration.application.test_index_versions import searching
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School

SMALL = "96-tokens-20-overlap"
FILLER = "The weather was mild, the crew had tea on deck, and a gull stole the last of the bread again."


class Log(School):
    """A collection of long logs, each of which tells in passing of some topics."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.readers = tuple(self.person(f"reader{number}") for number in range(10))
        logs = [TOPICS[start : start + 4] for start in range(0, len(TOPICS), 4)]
        self.add([_log(number, topics) for number, topics in enumerate(logs)])

    def find(self, query: str, reader: Caller | None = None) -> SearchResults:
        search = Search(query=query, collection_ids=(self.collection_id,), k=10)
        return self.house.ask(search, reader or self.owner)

    def prefer(self, topics: tuple[str, ...], phrasing: str) -> None:
        """Readers in turn vote for what the treatment of a running trial ranks highest beside the control."""
        for number, topic in enumerate(topics):
            reader = self.readers[number % len(self.readers)]
            found = self.find(phrasing.format(topic), reader)
            with self.house.application.database.read() as work:
                search = work.session.get(SearchRecord, found.query_id)
            assert search is not None
            gains = {row["passage_id"]: _gain(row) for row in search.hits if row.get("team")}
            best = max(gains, key=lambda key: gains[key], default=None)
            if best is not None and gains[best] > 0:
                self.house.ask(RateHit(query_id=found.query_id, passage_id=best, verdict=Verdict.UP), reader)

    def model(self, model_id: str) -> ModelDetail:
        return self.house.ask(GetModel(model_id=model_id))

    def versions(self) -> IndexVersions:
        return self.house.ask(ListIndexVersions(collection_id=self.collection_id))

    def chunkers(self) -> dict[str, str]:
        return {index.chunker: index.state for index in self.versions().indexes if index.state != "retired"}

    def comparison(self, purpose: Purpose) -> Experiment | None:
        request = ListExperiments(collection_id=self.collection_id, state=ExperimentState.RUNNING)
        return next((one for one in self.house.ask(request).items if one.purpose is purpose), None)


def _log(number: int, topics: tuple[str, ...]) -> dict[str, str]:
    told = [f"Somebody asked how to {topic} and was shown the chart by the door." for topic in topics]
    text = " ".join(" ".join([FILLER] * 7 + [sentence]) for sentence in told)
    return {"external_id": f"log {number}", "title": f"Log {number}", "text": text}


def _gain(row: dict[str, object]) -> float:
    ranks = (row["control_rank"], row["treatment_rank"])
    return Entry("", Team(str(row["team"])), *ranks).gain()  # type: ignore[arg-type]  # as they are stored


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with running(make_settings(tmp_path / "data", index_build_share=1.0, tuning=False)) as application:
        yield Log(House(application), topics=8)


PHRASINGS = ("How do I {} correctly?", "What is the way to {}?", "Who knows how to {}", "Ways to {} well")


@pytest.mark.timeout(420)
def test_other_passages_are_proposed_proved_tried_promoted_and_returned_from(log: Log) -> None:
    ask = log.house.ask
    golden = tuple(
        GoldenQuestion(
            question=f"Which steps are there to {topic}?",
            judgments=(GoldenJudgment(external_id=f"manual {topic}"),),
        )
        for topic in TOPICS[:8]
    )
    ask(AddGoldenSet(collection_id=log.collection_id, name="desk", questions=golden, margin=0.2))
    log.vote(TOPICS[:8])
    few = log.versions().passages

    proposed = ask(ProposeChunker(collection_id=log.collection_id, tokens=96, overlap=20), log.owner)
    assert (proposed.state, proposed.kind, proposed.card["chunker"]) == ("candidate", "chunker", SMALL)
    with pytest.raises(ConflictError, match="is candidate"):
        ask(ProposeChunker(collection_id=log.collection_id, tokens=128), log.owner)
    seen: list[SearchResults] = []
    with searching(lambda: log.find("Who was shown the chart?"), seen):
        trial = wait_for(lambda: log.comparison(Purpose.TRIAL), timeout_s=120)
        assert trial.treatment_id == proposed.id
        assert log.chunkers() == {"configured": "live", SMALL: "standby"}
        proofs = {one.name: one for one in log.model(proposed.id).evaluations}
        assert proofs["golden set desk"].passed
        for phrasing in PHRASINGS:
            if ask(GetExperiment(experiment_id=trial.id)).state is ExperimentState.ENDED:
                break
            log.prefer(TOPICS, phrasing)
            log.quiet()
        ended = ask(GetExperiment(experiment_id=trial.id))
        assert (ended.state, ended.decision) == (ExperimentState.ENDED, "promote"), ended.progress
        now = log.model(proposed.id)
        assert now.state is ModelState.LIVE
        assert [change.after for change in now.changes] == ["candidate", "gated", "trial", "live"]
        assert log.chunkers() == {"configured": "standby", SMALL: "live"}
        assert log.versions().passages > few
        assert log.find("a gull").index_version.endswith(SMALL)
        watch = wait_for(lambda: log.comparison(Purpose.WATCH))
        assert watch.control_id == proposed.id

        began = time.monotonic()
        before = ask(RollBackModel(model_id=proposed.id), log.owner)
        back = log.find("a gull")
        assert time.monotonic() - began < 2.0
        assert not back.index_version.endswith(SMALL)
        assert (before.kind, log.versions().passages) == ("default", few)
        assert log.chunkers() == {"configured": "live", SMALL: "standby"}
    assert {results.notices for results in seen} == {()}
    assert all(results.hits for results in seen)
    lifted = log.find(PHRASINGS[0].format(TOPICS[-1])).hits
    assert any(hit.scores.prior for hit in lifted), "votes on the other passages are remembered in these"


def test_what_cannot_be_cut_is_refused_with_its_reason(log: Log) -> None:
    for size, overlap, field, why in (
        (4096, 0, "tokens", "sees 256"),
        (128, 100, "overlap", "at most half"),
        (None, 10, "overlap", "as configured"),
    ):
        with pytest.raises(InvalidRequestError, match=why) as refused:
            log.house.ask(
                ProposeChunker(collection_id=log.collection_id, tokens=size, overlap=overlap), log.owner
            )
        assert [problem.field for problem in refused.value.fields] == [field]
    with pytest.raises(ConflictError, match="cut so already"):
        log.house.ask(ProposeChunker(collection_id=log.collection_id), log.owner)
    assert log.house.ask(ListModels(collection_id=log.collection_id)).items == ()
