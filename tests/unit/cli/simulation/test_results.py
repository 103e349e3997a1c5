"""A simulation's outcome, kept and read again."""

from __future__ import annotations

import json

from src.cli.simulation.examiner import Change
from src.cli.simulation.results import Checkpoint, Outcome, Standing, Treatment
from src.cli.simulation.story import Happening


def test_an_outcome_is_read_as_it_was_written() -> None:
    base = Standing("base", None, None, {"ndcg@10": 0.7}, None, None, None, 9.5, {"q1": 0.7})
    change = Change(1, 0.1, 0.0, 0.2)
    live = Standing("live", 2, "ladder", {"ndcg@10": 0.8}, change, None, change, 11.0, {"q1": 0.8})
    outcome = Outcome(
        name="set",
        settings={"seed": 0},
        documents=3,
        asked=2,
        kept=1,
        left_out=0,
        checkpoints=(
            Checkpoint(0, {}, "base", (base,), None),
            Checkpoint(10, {"up": 7}, "live", (live,), (12.0, 30.0)),
        ),
        happenings=(Happening(5, "model.promoted.v1", "2026-11-21T10:00:00Z", {"model_id": "m"}),),
        treatment={"honest": Treatment(4, {"counted": 7})},
        runs=({"id": "r"},),
        seconds={"readers": 3.5},
        problems=("a search failed",),
    )
    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))) == outcome
