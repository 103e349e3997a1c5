"""Models change places: one is live, every change is written down, and two decisions never both win."""

from __future__ import annotations

import threading

import pytest

from src.core.errors import ConflictError, ForbiddenError, NotFoundError
from src.core.messages.models import GetModel, ListModels, ModelState, PromoteModel, RollBackModel
from src.services import registry
from tests.support.laboratory import Laboratory


def test_the_default_is_written_down_the_first_time_a_model_is_needed(laboratory: Laboratory) -> None:
    assert laboratory.ask(ListModels()).items == ()
    with laboratory.database.begin() as work:
        first = registry.live_model(work, laboratory.collection_id)
        work.commit()
    with laboratory.database.begin() as work:
        assert registry.live_model(work, laboratory.collection_id).id == first.id
    (model,) = laboratory.ask(ListModels(collection_id=laboratory.collection_id)).items
    assert (model.version, model.kind, model.state, model.artefact) == (1, "default", ModelState.LIVE, None)
    (change,) = laboratory.ask(GetModel(model_id=model.id)).changes
    assert (change.before, change.after) == (None, ModelState.LIVE)


@pytest.mark.parametrize("state", ["candidate", "gated", "trial", "retired"])
def test_a_promotion_changes_both_models_and_says_why(laboratory: Laboratory, state: str) -> None:
    model_id = laboratory.candidate(state)
    before = laboratory.live().id
    model = laboratory.ask(PromoteModel(model_id=model_id, reason="It found the manual."))
    assert model.state is ModelState.LIVE
    assert laboratory.live().id == model_id
    assert laboratory.model(before).state == "retired"
    for one, told in (
        (model_id, "It found the manual."),
        (before, f"Version {model.version} took its place: It found the manual."),
    ):
        last = laboratory.ask(GetModel(model_id=one)).changes[-1]
        assert (last.decided_by, last.reason) == ("ada", told)
    (event,) = laboratory.events("model.promoted.v1")
    assert event.payload["model_id"] == model_id
    assert event.payload["before_id"] == before
    assert event.key == laboratory.collection_id


@pytest.mark.parametrize("state", ["rejected", "live"])
def test_what_was_rejected_or_is_live_cannot_be_promoted(laboratory: Laboratory, state: str) -> None:
    model_id = laboratory.candidate("rejected")
    with pytest.raises(ConflictError, match=state):
        laboratory.ask(PromoteModel(model_id=laboratory.live().id if state == "live" else model_id))


def test_rolling_back_goes_back_step_by_step_to_the_default(laboratory: Laboratory) -> None:
    first, second = laboratory.candidate("gated"), laboratory.candidate("gated")
    default = laboratory.live().id
    laboratory.ask(PromoteModel(model_id=first))
    laboratory.ask(PromoteModel(model_id=second))
    assert laboratory.ask(RollBackModel(model_id=second, reason="It was slower.")).id == first
    left = laboratory.model(second)
    version = laboratory.model(first).version
    assert (left.state, left.reason) == ("retired", f"Version {version} took its place again: It was slower.")
    assert laboratory.ask(RollBackModel(model_id=first)).id == default
    with pytest.raises(ConflictError, match="no model before"):
        laboratory.ask(RollBackModel(model_id=default))
    with pytest.raises(ConflictError, match="retired"):
        laboratory.ask(RollBackModel(model_id=second))
    assert [event.payload["to_id"] for event in laboratory.events("model.rolled-back.v1")] == [first, default]


def test_of_two_promotions_at_the_same_time_one_wins(laboratory: Laboratory) -> None:
    rivals = [laboratory.candidate("gated") for _ in range(4)]
    start, conflicts = threading.Barrier(len(rivals)), []

    def promote(model_id: str) -> None:
        start.wait()
        try:
            laboratory.ask(PromoteModel(model_id=model_id))
        except ConflictError as error:
            conflicts.append(error.detail)

    threads = [threading.Thread(target=promote, args=(model_id,)) for model_id in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [laboratory.model(model_id).state for model_id in rivals]
    promoted = len(laboratory.events("model.promoted.v1"))
    assert states.count("live") == 1
    # Those who came after the first was done saw it and decided anew.
    assert promoted + len(conflicts) == len(rivals)
    assert states.count("retired") == promoted - 1


def test_a_decision_on_a_model_that_is_live_no_more_is_refused(laboratory: Laboratory) -> None:
    model_id, rival = laboratory.candidate("gated"), laboratory.candidate("gated")
    hold, refused = laboratory.database.begin(), []

    def promote() -> None:
        try:
            laboratory.ask(PromoteModel(model_id=model_id))
        except ConflictError as error:
            refused.append(error.detail)

    with hold as work:
        work.collections.hold(laboratory.collection_id, alone=True)
        late = threading.Thread(target=promote)
        late.start()
        late.join(0.3)
        assert late.is_alive()
        registry.promote(work, work.models.get(rival), by="bo", reason="First.", evidence={})
        work.commit()
    late.join()
    assert refused == ["Another model went live just now; look again before you decide."]
    assert laboratory.live().id == rival


def test_only_those_who_may_write_promote_and_others_do_not_see_private_models(
    laboratory: Laboratory,
) -> None:
    reader = laboratory.readers[0]
    shared = laboratory.candidate("gated")
    with pytest.raises(ForbiddenError):
        laboratory.ask(PromoteModel(model_id=shared), reader)
    private = laboratory.candidate("gated", collection_id=laboratory.collection("private"))
    with pytest.raises(NotFoundError):
        laboratory.ask(GetModel(model_id=private), reader)
    assert {model.collection_id for model in laboratory.ask(ListModels(), reader).items} == {
        laboratory.collection_id
    }
    assert len(laboratory.ask(ListModels(state=ModelState.GATED)).items) == 2
