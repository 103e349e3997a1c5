"""What a person proposes: other passages, to be tried or to be searched at once; and taking it back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from src.agents.experiment_runner.chunkers import switch_if_wanted
from src.core.caller import Caller
from src.core.clock import new_id
from src.core.errors import ConflictError, ForbiddenError
from src.core.jobs import JobState
from src.core.messages.experiments import CandidateGated, StartExperiment
from src.core.messages.models import GetModel, ModelState, PromoteModel, ProposeChunker, RejectModel
from src.core.passages import CONFIGURED
from src.database.models import IndexRecord, JobRecord, ModelRecord, UserRecord
from src.services import registry
from tests.support.laboratory import Laboratory

SMALL = "128-tokens"


@pytest.fixture
def indexed(laboratory: Laboratory) -> Laboratory:
    laboratory.indexed()
    return laboratory


def propose(laboratory: Laboratory, *, switch: bool = True, by: Caller | None = None) -> str:
    request = ProposeChunker(collection_id=laboratory.collection_id, tokens=128, switch=switch)
    return laboratory.ask(request, by).id


def pass_gate(laboratory: Laboratory, model_id: str) -> None:
    """Have the index of a candidate stand by and the candidate pass the gate, as its job would."""
    index(laboratory, "v1", SMALL, "standby")
    with laboratory.database.begin() as work:
        model = work.models.get(model_id)
        work.models.change(
            model, "gated", by="agent:experiment_runner", reason="Open.", evidence={}, at=work.now()
        )
        switch_if_wanted(work, model, {"job_id": "j"}, by="agent:experiment_runner")
        work.commit()


def index(laboratory: Laboratory, version: str, cutting: str, state: str) -> None:
    with laboratory.database.begin() as work:
        work.indexes.add(
            IndexRecord(
                id=new_id(),
                collection_id=laboratory.collection_id,
                embedding_version=version,
                cutting=cutting,
                lexical_version="l1",
                dimensions=4,
                state=state,
                created_at=work.now(),
                switched_at=work.now(),
            )
        )
        work.commit()


def searched(laboratory: Laboratory) -> str:
    with laboratory.database.read() as work:
        return work.collections.get(laboratory.collection_id).cutting


def test_it_goes_live_by_the_decision_of_who_wanted_that(indexed: Laboratory) -> None:
    model_id = propose(indexed)
    pass_gate(indexed, model_id)
    model = indexed.ask(GetModel(model_id=model_id))
    assert (model.state, model.changes[-1].decided_by, searched(indexed)) == (ModelState.LIVE, "ada", SMALL)
    assert model.reason == "ada wanted it live once it had passed the gate. Open."
    (event,) = indexed.events("model.promoted.v1")
    assert event.payload["decided_by"] == "ada"


def test_a_proposal_to_be_tried_waits_for_readers(indexed: Laboratory) -> None:
    model_id = propose(indexed, switch=False)
    pass_gate(indexed, model_id)
    assert (indexed.model(model_id).state, indexed.model(model_id).reason) == ("gated", "Open.")


def test_it_is_left_to_readers_where_another_model_went_live_meanwhile(indexed: Laboratory) -> None:
    model_id = propose(indexed)
    other = indexed.candidate("gated")
    with indexed.database.begin() as work:
        registry.promote(work, work.models.get(other), by="bo", reason="First.", evidence={})
        work.commit()
    pass_gate(indexed, model_id)
    model = indexed.model(model_id)
    assert (model.state, searched(indexed)) == ("gated", CONFIGURED)
    assert "another model went live meanwhile" in str(model.reason)


@pytest.mark.parametrize("gone", ["right", "account", "user"])
def test_who_may_not_decide_any_more_decides_nothing(indexed: Laboratory, gone: str) -> None:
    model_id = propose(indexed)
    with indexed.database.begin() as work:
        user = work.users.get(indexed.owner.user_id or "")
        if gone == "account":
            user.disabled_at = work.now()
        else:
            work.collections.get(indexed.collection_id).owner_id = None
            work.session.flush()
        if gone == "user":
            work.session.delete(work.session.get(UserRecord, user.id))
        work.commit()
    pass_gate(indexed, model_id)
    model = indexed.model(model_id)
    assert (model.state, searched(indexed)) == ("gated", CONFIGURED)
    assert "may not decide that any more" in str(model.reason)


def test_a_proposal_is_taken_back_with_the_building_of_its_index(indexed: Laboratory) -> None:
    model_id = propose(indexed)
    with pytest.raises(ConflictError, match="or reject it"):
        propose(indexed)
    rejected = indexed.ask(RejectModel(model_id=model_id, reason="Too short."))
    assert (rejected.state, rejected.reason) == (ModelState.REJECTED, "Too short.")
    assert rejected.changes[-1].decided_by == "ada"
    with indexed.database.read() as work:
        (job,) = work.session.scalars(select(JobRecord).where(JobRecord.kind == "reindex"))
        assert job.state == JobState.CANCELLED
    with pytest.raises(ConflictError, match="is rejected: it waits for nothing"):
        indexed.ask(RejectModel(model_id=model_id))
    assert indexed.model(propose(indexed)).state == "candidate", "another may be proposed"


def test_what_has_no_index_yet_is_not_promoted_and_says_what_to_wait_for(indexed: Laboratory) -> None:
    with pytest.raises(ConflictError, match="wait for its end"):
        indexed.ask(PromoteModel(model_id=propose(indexed)))
    assert searched(indexed) == CONFIGURED


def test_what_is_compared_or_live_is_not_put_aside(indexed: Laboratory) -> None:
    model_id = indexed.candidate("gated")
    indexed.ask(StartExperiment(collection_id=indexed.collection_id, model_id=model_id))
    with pytest.raises(ConflictError, match="stop its comparison"):
        indexed.ask(RejectModel(model_id=model_id))
    with pytest.raises(ConflictError, match="is live"):
        indexed.ask(RejectModel(model_id=indexed.live().id))


def test_only_those_who_may_write_propose_and_put_aside(indexed: Laboratory) -> None:
    reader = indexed.readers[0]
    with pytest.raises(ForbiddenError):
        propose(indexed, by=reader)
    model_id = propose(indexed)
    with pytest.raises(ForbiddenError):
        indexed.ask(RejectModel(model_id=model_id), reader)


def gate(laboratory: Laboratory, model_id: str, outcome: str = "open") -> None:
    """Have a candidate pass the gate, compared with what is live."""
    against = laboratory.live().id
    with laboratory.database.begin() as work:
        evidence = {"against_id": against, "outcome": outcome}
        model = work.models.get(model_id)
        work.models.change(
            model, "gated", by="agent:experiment_runner", reason="Open.", evidence=evidence, at=work.now()
        )
        work.commit()


@pytest.mark.parametrize("order", [(registry.TUNED, registry.CHUNKER), (registry.CHUNKER, registry.TUNED)])
def test_other_passages_and_a_tuned_model_are_tried_one_after_the_other(
    laboratory: Laboratory, order: tuple[str, str]
) -> None:
    first, second = (laboratory.candidate(kind=kind) for kind in order)
    for model_id in (first, second):
        gate(laboratory, model_id)
    laboratory.deliver(CandidateGated(model_id=second, collection_id=laboratory.collection_id))
    running = laboratory.running()
    assert running is not None
    assert running.treatment_id == second
    assert laboratory.model(first).state == "gated", "it says nothing of the other kind, and waits"


def test_other_passages_make_room_for_no_model_that_was_trained(laboratory: Laboratory) -> None:
    small, ranker = laboratory.candidate(kind=registry.CHUNKER), laboratory.candidate()
    for model_id in (small, ranker):
        gate(laboratory, model_id)
    other = laboratory.candidate("gated")
    laboratory.ask(PromoteModel(model_id=other))
    assert [laboratory.model(key).state for key in (small, ranker)] == ["candidate", "candidate"]
    assert [len(laboratory.gate_jobs(key)) for key in (small, ranker)] == [1, 1]


def test_a_trial_of_other_passages_comes_to_its_end(laboratory: Laboratory) -> None:
    small = laboratory.candidate(kind=registry.CHUNKER)
    gate(laboratory, small)
    laboratory.deliver(CandidateGated(model_id=small, collection_id=laboratory.collection_id))
    for kind in (registry.TUNED, "linear"):
        better = laboratory.candidate(kind=kind, votes=1000)
        gate(laboratory, better, "gated")
        laboratory.deliver(CandidateGated(model_id=better, collection_id=laboratory.collection_id))
        running = laboratory.running()
        assert running is not None
        assert running.treatment_id == small
    assert laboratory.model(small).state == "trial"


def test_the_way_back_through_other_passages_and_a_tuned_model_ends_where_it_began(
    indexed: Laboratory,
) -> None:
    index(indexed, "tuned", CONFIGURED, "standby")
    index(indexed, "tuned", SMALL, "standby")
    of = indexed.collection_id
    why: dict[str, Any] = {"by": "a", "reason": "b"}

    def now() -> tuple[str | None, str, list[tuple[str | None, str | None]]]:
        """What the collection wants, how it is cut, and what its models name."""
        with indexed.database.read() as work:
            collection = work.collections.get(of)
            found = work.session.scalars(select(ModelRecord).order_by(ModelRecord.version))
            named = [(model.embedding_version, model.cutting) for model in found]
            return collection.embedding_version, collection.cutting, named

    with indexed.database.begin() as work:
        registry.live_model(work, of)
        tuned = registry.register(
            work, of, kind=registry.TUNED, state="gated", card={}, embedding_version="tuned", **why
        )
        registry.promote(work, tuned, evidence={}, **why)
        work.commit()
    once = now()
    assert once == ("tuned", CONFIGURED, [("v1", None), ("tuned", None)])
    with indexed.database.begin() as work:
        small = registry.register(
            work,
            of,
            kind=registry.CHUNKER,
            state="gated",
            card={},
            embedding_version="tuned",
            cutting=SMALL,
            **why,
        )
        registry.promote(work, small, evidence={}, **why)
        work.commit()
    assert now()[:2] == ("tuned", SMALL)
    with indexed.database.begin() as work:
        registry.roll_back(work, work.models.get(small.id), evidence={}, **why)
        work.commit()
    assert now() == (*once[:2], [*once[2], ("tuned", SMALL)])
    with indexed.database.begin() as work:
        registry.roll_back(work, work.models.get(tuned.id), evidence={}, **why)
        work.commit()
    assert now() == (None, CONFIGURED, [(None, None), ("tuned", None), ("tuned", SMALL)])
