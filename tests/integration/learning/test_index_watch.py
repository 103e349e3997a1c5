"""A model that brought an index of its own is watched against the one before, and returned from by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from src.core.caller import Caller
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.indexes import ListIndexVersions, RebuildIndexesJob
from src.core.messages.models import GetModel, ModelState, PromoteModel
from src.core.messages.questions import Search, SearchResults
from src.core.passages import CONFIGURED
from src.database.models import ExperimentRecord, SearchRecord
from src.services import registry
from tests.integration.application.test_index_versions import searching
from tests.support.application import House, make_settings, running, wait_for
from tests.support.rankers import add_tuned
from tests.support.schooling import TOPICS, School

VOTED = 60


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    """A collection in int8; float32 is known. Nothing is trained."""
    folder = tmp_path / "data"
    with running(make_settings(folder, embedding_precision="float32"), worker=False):
        pass
    with running(make_settings(folder, index_build_share=1.0)) as application:
        house = House(application)
        house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
        yield School(house, topics=VOTED)


def states(school: School) -> dict[str, str]:
    versions = school.house.ask(ListIndexVersions(collection_id=school.collection_id))
    return {index.embedding_version: index.state for index in versions.indexes}


def tuned(school: School) -> tuple[str, str]:
    """A model that ranks the float32 index, which is built, and that version."""
    house, application = school.house, school.house.application
    model_id, version = add_tuned(application, school.collection_id)
    with application.database.begin() as work:
        spec = RebuildIndexesJob(collection_id=school.collection_id, embedding_version=version, switch=False)
        job = work.enqueue(spec, collection_id=school.collection_id)
        work.commit()
    house.finished(job.id)
    return model_id, version


def vote(school: School, reader: Caller, topic: str) -> None:
    search = Search(query=f"How do I {topic} correctly?", collection_ids=(school.collection_id,), k=10)
    found = school.house.ask(search, reader)
    # Where its diary is folded into one that is much like it, there is nothing to vote for.
    for hit in found.hits:
        if hit.external_id == f"diary {topic}":
            rate = RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP)
            school.house.ask(rate, reader)


def test_votes_for_what_only_the_index_before_finds_bring_it_back_and_no_search_fails(
    school: School,
) -> None:
    house, database = school.house, school.house.application.database
    base = house.application.adapters.embedder.version
    with database.begin() as work:
        default = registry.live_model(work, school.collection_id).id
        work.commit()
    model_id, version = tuned(school)
    seen: list[SearchResults] = []
    with searching(lambda: house.ask(Search(query=f"How do I {TOPICS[0]} correctly?")), seen):
        house.ask(PromoteModel(model_id=model_id))
        assert states(school) == {base: "standby", version: "live"}
        watch = running_watch(school)
        assert (watch.purpose, watch.control_id, watch.treatment_id) == ("watch", model_id, default)
        damage(school, version)
        readers = [school.person(f"critic{number}") for number in range(12)]
        for number in range(3 * VOTED):
            reader = readers[(number + number // VOTED) % len(readers)]
            vote(school, reader, TOPICS[number % VOTED])
        wait_for(lambda: states(school).get(base) == "live", timeout_s=30)
        before = len(seen)
        wait_for(lambda: len(seen) > before + 1)
    model = house.ask(GetModel(model_id=model_id))
    assert model.state is ModelState.RETIRED
    assert (model.reason or "").startswith("Version 1 took its place again: Returned to the version before")
    assert house.ask(GetModel(model_id=default)).state is ModelState.LIVE
    assert states(school) == {base: "live", version: "standby"}
    assert house.ask(ListIndexVersions(collection_id=school.collection_id)).wanted == base
    with database.read() as work:
        assert work.models.get(default).embedding_version is None
        assert work.collections.get(school.collection_id).embedding_version is None
        interleaved = select(SearchRecord).where(SearchRecord.experiment_id == watch.id)
        hits = [hit for search in work.session.scalars(interleaved) for hit in search.hits]
    assert any(hit["treatment_rank"] and not hit["control_rank"] for hit in hits)
    assert {results.notices for results in seen} == {()}
    assert base in seen[-1].index_version
    assert any(version in results.index_version for results in seen)


def running_watch(school: School) -> ExperimentRecord:
    """The watch, from now on of every question."""
    with school.house.application.database.begin() as work:
        found = work.experiments.running(school.collection_id)
        assert found is not None
        work.session.execute(
            update(ExperimentRecord).where(ExperimentRecord.id == found.id).values(share=1.0)
        )
        work.commit()
        return found


def damage(school: School, version: str) -> None:
    """The index of that version loses most of the diaries."""
    application = school.house.application
    lost = {f"diary {topic}" for number, topic in enumerate(TOPICS[:VOTED]) if number % 5}
    with application.database.read() as work:
        (index,) = [i for i in work.indexes.of(school.collection_id) if i.embedding_version == version]
        passages = work.passages.live_after(school.collection_id, CONFIGURED, "", 1000)
        documents = {d.id: d for d in work.documents.some({p.document_id for p in passages})}
    diaries = [p.id for p in passages if documents[p.document_id].external_id in lost]
    application.adapters.vectors.delete(index.id, diaries)
    application.adapters.lexical.delete(index.id, diaries)
