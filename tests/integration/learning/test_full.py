"""The rung that tunes the embedding model: a candidate with an index of its own, promoted and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from src.adapters import open_embedder
from src.core.errors import ConflictError
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.indexes import IndexReady, IndexVersions, ListIndexVersions, ReturnIndex
from src.core.messages.models import GetModel, PromoteModel, RollBackModel
from src.core.messages.questions import Search
from src.core.messages.training import RunState, TrainingRun
from src.core.ports import Embedder
from src.database.models import EventRecord, ModelRecord
from src.database.repositories.forgetting import mark_learned_from, must_forget
from src.database.uow import UnitOfWork
from src.services import registry
from src.services.embeddings.versions import Embedders, EmbeddingSource
from src.services.ranking.artefact import load
from src.services.training.child import Tuner
from src.services.training.recipe import TuningSettings
from tests.support import trainings
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School
from tests.support.tuning import stand_in

TOPICS_VOTED = 60


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Votes on sixty questions; the tests carry out the runs, and the worker builds the indexes."""
    folder = tmp_path_factory.mktemp("full") / "data"
    with running(make_settings(folder, learning=False, index_build_share=1.0)) as application:
        school = School(House(application), topics=TOPICS_VOTED + 4)
        school.vote(TOPICS[:TOPICS_VOTED])
        school.house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
        yield school


def train(school: School, tuner: Tuner, embedders: Embedders | None = None) -> TrainingRun:
    settings = TuningSettings(batch=4, epochs=1, max_tokens=16, checkpoint_steps=1)
    full = trainings.full_trainer(school, tuner, settings=settings, embedders=embedders)
    return trainings.train(school, full)


def writing_meanwhile(school: School) -> tuple[Embedders, list[str]]:
    """Models that open only once somebody else has written to the database, and who did."""
    application = school.house.application
    wrote: list[str] = []

    def write() -> None:
        with application.database.begin() as work:
            work.facts.note("meanwhile", "wrote")
            work.commit()
        wrote.append("wrote")

    def opening(source: EmbeddingSource) -> Embedder:
        writer = Thread(target=write)
        writer.start()
        writer.join(timeout=10)
        return open_embedder(application.settings, application.adapters.blobs, source, own={})

    settings = application.settings
    configured = EmbeddingSource(settings.embedding_model, settings.embedding_precision)
    return Embedders(application.database, application.adapters.embedder, configured, opening), wrote


def versions(school: School) -> IndexVersions:
    return school.house.ask(ListIndexVersions(collection_id=school.collection_id))


def states(school: School) -> dict[str, str]:
    return {index.embedding_version: index.state for index in versions(school).indexes}


@pytest.mark.timeout(300)
def test_the_rank_weights_that_the_votes_teach_go_with_the_tuned_model(
    school: School, tmp_path: Path
) -> None:
    house, adapters = school.house, school.house.application.adapters
    embedders, others = writing_meanwhile(school)
    run = train(school, stand_in(tmp_path), embedders)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert others == ["wrote"], "nobody waits while the tuned model is opened"
    model = house.ask(GetModel(model_id=run.model_id or ""))
    tuned = model.card["embedding_version"]
    assert model.card["rungs"] == ["memory", "rank weights", "embedding model"]
    assert model.card["weights"]
    ranker = load(
        adapters.blobs.get(model.artefact or ""),
        embedding_version=tuned,
        dimensions=adapters.embedder.dimensions,
    )
    assert ranker.weights is not None
    assert ranker.adapter is None
    by_rung = run.figures["by_rung"]
    assert by_rung["rank weights"] > by_rung["default"] + 0.05
    assert by_rung["both"] > by_rung["embedding model"] + 0.05
    held_out = run.figures["against_default"]["all"]
    assert held_out["trained"] == pytest.approx(by_rung["both"])
    assert run.figures["questions"] + held_out["questions"] <= TOPICS_VOTED
    wait_for(lambda: states(school).get(tuned) == "standby", timeout_s=60)
    unseen = TOPICS[TOPICS_VOTED : TOPICS_VOTED + 4]
    found = [
        house.ask(Search(query=f"How do I {topic} correctly?", k=5, model_id=model.id)) for topic in unseen
    ]
    assert all(tuned in results.index_version for results in found)
    first = [results.hits[0].external_id for results in found]
    assert first == [f"manual {topic}" for topic in unseen]


@pytest.mark.timeout(300)
@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed (make train)")
def test_a_tuned_model_ranks_its_own_index_is_promoted_with_it_and_returned_from(school: School) -> None:
    house = school.house
    base = house.application.adapters.embedder.version
    run = train(school, Tuner())
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    model = house.ask(GetModel(model_id=run.model_id or ""))
    assert model.card["figures"]["agreement"]["least"] > 0.98
    tuned = model.card["embedding_version"]
    assert "tuned" in tuned
    wait_for(lambda: states(school).get(tuned) == "standby", timeout_s=60)
    with house.application.database.read() as work:
        told = work.session.scalars(select(EventRecord).where(EventRecord.topic == IndexReady.topic)).all()
        assert sum(event.payload["embedding_version"] == tuned for event in told) == 1
    question = f"How do I {TOPICS[0]} correctly?"
    replayed = house.ask(Search(query=question, model_id=model.id))
    live = house.ask(Search(query=question))
    assert (tuned in replayed.index_version, tuned in live.index_version) == (True, False)
    assert replayed.notices == live.notices == ()

    house.ask(PromoteModel(model_id=model.id))
    assert (states(school)[base], states(school)[tuned]) == ("standby", "live")
    assert versions(school).wanted == tuned
    assert tuned in house.ask(Search(query=question)).index_version
    with pytest.raises(ConflictError, match="from the model"):
        house.ask(ReturnIndex(collection_id=school.collection_id))
    house.ask(RollBackModel(model_id=model.id))
    assert (states(school)[base], states(school)[tuned]) == ("live", "standby")
    assert versions(school).wanted == base
    assert house.ask(Search(query=question)).index_version == live.index_version


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_the_run_is_refused_and_says_what_to_install(school: School) -> None:
    run = train(school, Tuner())
    assert (run.state, run.model_id) == (RunState.REFUSED, None)
    assert "make train" in (run.reason or "")


@pytest.mark.timeout(300)
def test_what_ranks_by_a_tuned_model_must_forget_what_that_must(school: School, tmp_path: Path) -> None:
    database = school.house.application.database
    run = train(school, stand_in(tmp_path))
    with database.begin() as work:
        tuned = work.models.get(run.model_id or "")
        before = ranker(work, tuned)
        other = ranker(work, tuned, embedding_version="another")
        example = next(e for e in work.datasets.examples(run.dataset_id or "") if e.split is not None)
        assert example.document_id is not None
        mark_learned_from(work.session, example.document_id)
        after = ranker(work, tuned)
        forget = [must_forget(work.models.get(each)) for each in (tuned.id, before, after, other)]
    assert forget[0] > 0
    assert forget == [forget[0], forget[0], forget[0], 0]


def ranker(work: UnitOfWork, tuned: ModelRecord, *, embedding_version: str | None = None) -> str:
    """The id of a model with weights of its own over the vectors of a tuned one."""
    return registry.register(
        work,
        tuned.collection_id,
        kind="ranker",
        state="candidate",
        embedding_version=embedding_version or tuned.embedding_version,
        card={},
        by="agent:fine_tuner",
        reason="Trained.",
    ).id
