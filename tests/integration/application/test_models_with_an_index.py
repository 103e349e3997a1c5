"""A model that names an embedding version ranks the index of that version: replayed, on trial, and live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.errors import ConflictError, UnavailableError
from src.core.messages.indexes import RebuildIndexesJob
from src.core.messages.models import PromoteModel, RollBackModel
from src.core.messages.questions import Search, SearchResults
from src.database.models import SearchRecord
from src.services import registry
from tests.integration.application.test_index_versions import QUESTION, Coast, coast
from tests.support.application import wait_for
from tests.support.rankers import add_tuned, put_on_trial


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Coast]:
    """A collection in int8; float32 is known and not built."""
    with coast(tmp_path, embedding_precision="float32", learning=False):
        pass
    with coast(tmp_path, learning=False) as made:
        yield made.filled()


def candidate(house: Coast) -> tuple[str, str]:
    """The id of a gated model that ranks the float32 index, and that version."""
    return add_tuned(house.application, house.collection_id)


def build(house: Coast, version: str) -> None:
    with house.application.database.begin() as work:
        job = work.enqueue(
            RebuildIndexesJob(collection_id=house.collection_id, embedding_version=version, switch=False),
            collection_id=house.collection_id,
        )
        work.commit()
    house.finished(job.id)
    wait_for(lambda: house.states() == {house.configured: "live", version: "standby"})


def replay(house: Coast, model_id: str) -> SearchResults:
    return house.ask(Search(query=QUESTION, model_id=model_id))


def test_it_cannot_be_replayed_or_promoted_before_its_index_is_whole(house: Coast) -> None:
    model_id, version = candidate(house)
    with pytest.raises(UnavailableError, match="not built"):
        replay(house, model_id)
    with pytest.raises(ConflictError, match="not there"):
        house.ask(PromoteModel(model_id=model_id))
    build(house, version)
    assert version in replay(house, model_id).index_version
    assert version not in house.search().index_version


def test_on_trial_its_list_comes_from_its_own_index(house: Coast) -> None:
    model_id, version = candidate(house)
    with house.application.database.begin() as work:
        live_id = registry.live_model(work, house.collection_id).id
        work.commit()
    put_on_trial(house.application, live_id, model_id)
    assert noted(house, house.search()).experiment_id is None
    build(house, version)
    gone = house.search().hits[0].passage_id
    (standby,) = (each.id for each in house.versions().indexes if each.state == "standby")
    stores = house.application.adapters
    stores.vectors.delete(standby, [gone])
    stores.lexical.delete(standby, [gone])
    results = house.search()
    search = noted(house, results)
    assert search.experiment_id is not None
    ranks = {hit["passage_id"]: (hit["control_rank"], hit["treatment_rank"]) for hit in search.hits}
    assert ranks.pop(gone) == (1, None)
    assert all(mine and theirs for mine, theirs in ranks.values())
    assert results.notices == ()


def test_promotion_and_return_switch_the_index_with_the_model(house: Coast) -> None:
    model_id, version = candidate(house)
    build(house, version)
    before = house.search()
    house.ask(PromoteModel(model_id=model_id))
    assert house.states() == {house.configured: "standby", version: "live"}
    assert version in house.search().index_version
    house.repaired()
    assert house.versions().wanted == version
    house.ask(RollBackModel(model_id=model_id))
    assert house.states() == {house.configured: "live", version: "standby"}
    after = house.search()
    assert (after.index_version, [hit.scores for hit in after.hits]) == (
        before.index_version,
        [hit.scores for hit in before.hits],
    )


def noted(house: Coast, results: SearchResults) -> SearchRecord:
    with house.application.database.read() as work:
        record = work.session.get(SearchRecord, results.query_id)
    assert record is not None
    return record
