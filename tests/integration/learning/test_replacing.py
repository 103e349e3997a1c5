"""What knows of something deleted gives way to what does not, and is never returned to."""

from __future__ import annotations

from src.core.messages.experiments import CandidateGated
from src.core.messages.models import RollBackModel
from src.services import registry
from tests.support.laboratory import Laboratory


def mark(laboratory: Laboratory, model_id: str, votes: int) -> None:
    with laboratory.database.begin() as work:
        work.models.get(model_id).card = {"must_forget": votes}
        work.commit()


def live_model(laboratory: Laboratory) -> str:
    """A promoted model; the default was before it."""
    model_id = laboratory.candidate("gated")
    with laboratory.database.begin() as work:
        registry.promote(work, work.models.get(model_id), by="ada", reason="Better.", evidence={})
        work.commit()
    return model_id


def gated(laboratory: Laboratory) -> str:
    model_id = laboratory.candidate("gated")
    laboratory.deliver(CandidateGated(model_id=model_id, collection_id=laboratory.collection_id))
    return model_id


def test_what_is_made_without_the_deleted_takes_the_place_of_what_knows_it(laboratory: Laboratory) -> None:
    learned = live_model(laboratory)
    mark(laboratory, learned, 12)
    fresh = gated(laboratory)
    assert laboratory.live().id == fresh
    assert laboratory.model(learned).state == "retired"
    assert "learned from 12 votes that were deleted" in (laboratory.live().reason or "")
    watch = laboratory.running()
    assert watch is not None
    assert laboratory.model(watch.treatment_id).kind == "default", "readers are not shown what is forgotten"
    laboratory.ask(RollBackModel(model_id=fresh))
    assert laboratory.live().kind == "default"


def test_a_model_that_knows_nothing_deleted_is_tried_before_it_ranks(laboratory: Laboratory) -> None:
    learned = live_model(laboratory)
    fresh = gated(laboratory)
    assert laboratory.live().id == learned
    mark(laboratory, fresh, 3)
    mark(laboratory, learned, 12)
    newer = gated(laboratory)
    assert laboratory.live().id == newer
    assert laboratory.model(fresh).state in ("gated", "rejected")
    if laboratory.model(fresh).state == "rejected":
        assert "learned from 3 votes" in (laboratory.model(fresh).reason or "")


def test_the_way_back_from_models_that_were_live_twice_ends(laboratory: Laboratory) -> None:
    one, other = live_model(laboratory), live_model(laboratory)
    with laboratory.database.begin() as work:
        registry.promote(work, work.models.get(one), by="ada", reason="After all.", evidence={})
        work.commit()
    for model_id in (one, other):
        mark(laboratory, model_id, 1)
    laboratory.ask(RollBackModel(model_id=one))
    assert laboratory.live().kind == "default"
