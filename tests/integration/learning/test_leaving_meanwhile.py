"""Somebody, or a document, leaves while a training run has learned of them and made no model yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from src.agents.fine_tuner.trainers import LadderTrainer
from src.agents.ingestion.sync import remove
from src.core.clock import new_id
from src.core.jobs import JobRun
from src.core.messages.accounts import DeleteUser
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.documents import DeleteDocument, ListDocuments
from src.database.models import DatasetRecord, ExampleRecord, RatingRecord, TrainingRunRecord
from src.database.repositories.forgetting import (
    collections_with_learned_models,
    gone_from_model,
    must_forget,
    remove_user,
)
from src.database.repositories.remembering import memory_changed
from src.database.uow import UnitOfWork
from src.services import registry
from src.services.text.questions import question_key
from tests.support.application import House, make_settings, running
from tests.support.cuttings import document
from tests.support.laboratory import Laboratory
from tests.support.schooling import TOPICS, School
from tests.support.trainings import Attempts


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Votes on 60 questions; the tests carry out the runs."""
    folder = tmp_path_factory.mktemp("leaving") / "data"
    with running(make_settings(folder, learning=False)) as application:
        school = School(House(application))
        school.vote(TOPICS[:60])
        school.house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
        yield school


def forgotten(school: School, leave: Callable[[], None], *, after: str) -> int:
    """How much the model of a run must forget during which somebody leaves, once that step is behind."""

    class Leaving(JobRun):
        def reached(self, step: str) -> None:
            if step == after:
                leave()
            super().reached(step)

    attempts = Attempts(school, LadderTrainer())
    attempts.attempt(Leaving)
    run = attempts.end()
    with school.house.application.database.read() as work:
        return must_forget(work.models.get(run.model_id or ""))


def test_a_run_without_a_departure_makes_a_model_that_forgets_nothing(school: School) -> None:
    assert forgotten(school, lambda: None, after="fitted") == 0


@pytest.mark.parametrize("after", ["candidates gathered", "artefact stored"])
def test_a_model_of_a_reader_who_left_during_its_training_must_forget_them(
    school: School, after: str
) -> None:
    leaver = school.person("leaver")
    readers, school.readers = school.readers, (leaver,)
    given = school.vote(TOPICS[60:65])
    school.readers = readers
    assert given
    leave = DeleteUser(user_id=leaver.user_id or "")
    assert forgotten(school, lambda: school.house.ask(leave), after=after) == len(given)


def test_a_model_of_a_document_that_was_deleted_during_its_training_must_forget_it(school: School) -> None:
    listed = ListDocuments(collection_id=school.collection_id, limit=500)
    found = school.house.ask(listed).items
    document = next(one for one in found if one.external_id == f"manual {TOPICS[0]}")
    leave = DeleteDocument(document_id=document.id)
    assert forgotten(school, lambda: school.house.ask(leave), after="fitted") >= 1


def learning_from(laboratory: Laboratory, user_id: str) -> str:
    """The id of a run under way that learns from a vote of a user, with two examples of it."""
    database, collection_id = laboratory.database, laboratory.collection_id
    now, dataset_id, run_id, rating_id = database.clock.now(), new_id(), new_id(), new_id()
    key = question_key("how")
    rated: dict[str, Any] = {"question": "how", "question_key": key, "content_key": key}
    with database.begin() as work:
        work.datasets.add(
            DatasetRecord(
                id=dataset_id, collection_id=collection_id, version=1, digest=key, counts={}, created_at=now
            )
        )
        work.session.add(
            RatingRecord(
                id=rating_id,
                user_id=user_id,
                object_key="hit",
                kind="hit",
                search_id=new_id(),
                collection_id=collection_id,
                verdict="up",
                reasons=[],
                state="counted",
                created_at=now,
                updated_at=now,
                **rated,
            )
        )
        work.training_runs.add(
            TrainingRunRecord(
                id=run_id,
                collection_id=collection_id,
                trainer="ladder",
                dataset_id=dataset_id,
                state="running",
                configuration={"why": "a test"},
                seed=0,
                environment={},
                curves={},
                figures={},
                created_at=now,
            )
        )
        work.session.flush()
        examples = {
            "dataset_id": dataset_id,
            "rating_id": rating_id,
            "origin": "hit",
            "label": 1.0,
            "weight": 1.0,
        }
        work.session.add_all(
            ExampleRecord(id=new_id(), split=split, **examples, **rated) for split in (0, None)
        )
        work.commit()
    return run_id


def test_what_left_is_noted_in_the_run_on_either_database(laboratory: Laboratory) -> None:
    database, collection_id = laboratory.database, laboratory.collection_id
    run_id = learning_from(laboratory, laboratory.readers[0].user_id or "")
    with database.begin() as work:
        remove_user(work.session, work.users.get(laboratory.readers[0].user_id or ""))
        work.commit()
    forgets = {}
    for kind in ("ranker", registry.TUNED):
        with database.begin() as work:
            model = registry.register(
                work, collection_id, kind=kind, state="candidate", run_id=run_id, card={}, by="a", reason="b"
            )
            forgets[kind] = must_forget(model)
            work.commit()
    assert forgets == {"ranker": 1, registry.TUNED: 2}


def test_an_owner_leaves_while_a_run_of_their_collection_concludes(laboratory: Laboratory) -> None:
    database, collection_id = laboratory.database, laboratory.collection_id
    owner = laboratory.owner.user_id or ""
    run_id = learning_from(laboratory, owner)

    def leave() -> None:
        with database.begin() as work:
            remove_user(work.session, work.users.get(owner))
            work.commit()

    with ThreadPoolExecutor(1) as other:
        with database.begin() as work:
            work.collections.hold(collection_id, alone=True)
            left = other.submit(leave)
            with suppress(TimeoutError):
                left.result(timeout=0.7)
            assert not left.done(), "it waits for the run that concludes"
            made = registry.register(
                work,
                collection_id,
                kind="ranker",
                state="candidate",
                run_id=run_id,
                card={},
                by="a",
                reason="b",
            ).id
            work.commit()
        left.result(timeout=20)
    with database.read() as reading:
        assert must_forget(reading.models.get(made)) == 1
        assert reading.collections.get(collection_id).owner_id is None


@pytest.mark.parametrize("owns", [False, True])
def test_somebody_leaves_while_several_votes_change_what_a_collection_remembers(
    laboratory: Laboratory, owns: bool
) -> None:
    """PostgreSQL looks for the owner again, and locks their row, where a collection is changed twice."""
    database, collection_id = laboratory.database, laboratory.collection_id
    leaving = (laboratory.owner if owns else laboratory.readers[0]).user_id or ""
    learning_from(laboratory, leaving)

    def leave() -> tuple[str, ...]:
        with database.begin() as work:
            work.users.hold_administrators()
            voted_in = remove_user(work.session, work.users.get(leaving))
            work.commit()
            return voted_in

    with ThreadPoolExecutor(1) as other:
        with database.begin() as work:
            memory_changed(work.session, collection_id)
            left = other.submit(leave)
            with suppress(TimeoutError):
                left.result(timeout=0.7)
            assert not left.done(), "it waits for the votes"
            memory_changed(work.session, collection_id)
            work.commit()
        assert left.result(timeout=20) == (collection_id,)


def test_documents_leave_while_a_run_of_their_collection_concludes(laboratory: Laboratory) -> None:
    database, collection_id = laboratory.database, laboratory.collection_id
    with database.begin() as work:
        keys = [document(work, collection_id, number) for number in range(2)]
        work.commit()

    def leave() -> None:
        with database.begin() as work:
            for key in keys:
                remove(work, work.documents.get(key))
            work.commit()

    with ThreadPoolExecutor(1) as other:
        with database.begin() as work:
            work.collections.hold(collection_id, alone=True)
            left = other.submit(leave)
            with suppress(TimeoutError):
                left.result(timeout=0.7)
            assert not left.done(), "it waits for the run that concludes"
            work.commit()
        left.result(timeout=20)


def test_what_was_made_by_hand_of_a_model_must_forget_what_that_must(laboratory: Laboratory) -> None:
    database, of = laboratory.database, laboratory.collection_id
    user = laboratory.readers[0].user_id or ""
    run_id, file = learning_from(laboratory, user), "a" * 64

    def made(work: UnitOfWork, kind: str, parent: str | None, artefact: str | None, **more: Any) -> str:
        return registry.register(
            work,
            of,
            kind=kind,
            state="candidate",
            parent_id=parent,
            artefact=artefact,
            card={},
            by="a",
            reason="b",
            **more,
        ).id

    with database.begin() as work:
        default = registry.live_model(work, of).id
        ranker = made(work, "ranker", default, file, run_id=run_id)
        small = made(work, registry.CHUNKER, ranker, file, cutting="128-tokens")
        weighed = made(work, "weights", small, "b" * 64)
        untaught = made(work, registry.CHUNKER, default, None, cutting="128-tokens")
        trained = made(work, "ranker", ranker, "c" * 64, run_id=new_id())
        work.commit()
    with database.begin() as work:
        remove_user(work.session, work.users.get(user))
        work.commit()
    with database.begin() as work:
        again = made(work, registry.CHUNKER, weighed, "b" * 64, cutting="96-tokens")
        forget = {key: must_forget(work.models.get(key)) for key in (ranker, small, weighed, again)}
        assert set(forget.values()) == {1}
        assert [must_forget(work.models.get(key)) for key in (default, untaught, trained)] == [0, 0, 0]
        assert gone_from_model(work.session, work.models.get(again)) == 1
        assert collections_with_learned_models(work.session) == []
        registry.promote(work, work.models.get(weighed), by="a", reason="b", evidence={})
        assert collections_with_learned_models(work.session) == [of], "where training without them is due"
