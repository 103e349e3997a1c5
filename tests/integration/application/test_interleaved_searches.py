"""Searches that show two rankings in one list: whose each entry is, how long it took, what if one fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from src.agents.retrieval.interleaved import first_to_rank
from src.core.messages.questions import SearchResults
from src.database.models import SearchRecord
from src.services.evaluation.interleaving import Team
from src.services.ranking.linear import RankWeights
from tests.support.application import House, make_settings, running
from tests.support.rankers import by_cosine, put_on_trial
from tests.support.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with running(make_settings(tmp_path)) as application:
        yield Town(House(application))


def on_trial(town: Town, treatment: str) -> str:
    """The live model in a trial against another one, in every search."""
    control = town.model("live")
    put_on_trial(town.house.application, control, treatment)
    return control


def noted(town: Town, results: SearchResults) -> SearchRecord:
    with town.house.application.database.read() as work:
        search = work.session.get(SearchRecord, results.query_id)
    assert search is not None
    return search


def test_a_search_in_an_experiment_shows_both_rankings_and_says_whose_each_entry_is(town: Town) -> None:
    treatment = town.model("trial", by_cosine(-5.0))
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
    on_trial(town, town.model("trial", by_cosine(-5.0)))
    took = [noted(town, town.find()).took_ms for _ in range(9)]
    assert all(min(one["control"], one["treatment"]) > 0 for one in took)
    control, treatment = (median(one[side] for one in took) for side in ("control", "treatment"))
    assert control < treatment, "only weights need the full pool"
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
    treatment = town.model("trial", by_cosine(-5.0))
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
