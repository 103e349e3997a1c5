"""What a loop leaves behind that went round once, for pages to show: written down, not lived through."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from src.agents.experiment_runner.rules import stored
from src.core.clock import new_id
from src.database.models import (
    DatasetRecord,
    EvaluationRecord,
    ExperimentRecord,
    ModelChangeRecord,
    ModelRecord,
    TrainingRunRecord,
)
from src.database.uow import UnitOfWork
from src.services.evaluation.estimate import Shares
from src.services.evaluation.sequential import DecisionRule

from .site import Site

CHANGE = {
    "questions": 296,
    "base": 0.8925,
    "trained": 0.9058,
    "change": 0.0133,
    "lower": 0.002,
    "upper": 0.0287,
    "sentence": "nDCG@10 +0.013 on 296 questions (95% interval +0.002 to +0.029; better on 29, worse on 13)",
}
WEIGHTS = {"identifiers": 0.035, "quotations": 0.027, "length": -0.015, "opening_precision": 0.004}
WHY = "Better: 250 up-votes give a mean gain of +0.018 (+0.003 to +0.034)."
SUMMARY = "Learned from 430 votes of 30 readers on 296 questions: memory and rank weights."


def learned(site: Site) -> dict[str, str]:
    """A run made a candidate, which won its trial and is live: the ids of what there is by its kind."""
    with site.house.application.database.begin() as work:
        now = work.now()
        dataset = _dataset(work, site.collection_id, now)
        run = _run(work, site.collection_id, dataset, now)
        before = _model(work, site.collection_id, "retired", now, kind="default")
        model = _model(
            work,
            site.collection_id,
            "live",
            now,
            kind="ranker",
            reason=WHY,
            parent_id=before,
            run_id=run,
            card={
                "summary": SUMMARY,
                "weights": WEIGHTS,
                "figures": {"against_default": {"all": CHANGE, "unseen": CHANGE}},
            },
        )
        trial = _trial(work, site.collection_id, before, model, now)
        _history(work, model, trial, now)
        work.commit()
    return {"dataset": dataset, "run": run, "model": model, "experiment": trial}


def _dataset(work: UnitOfWork, collection_id: str, now: datetime) -> str:
    counts = {"votes": 430, "taken": 428, "questions": 430, "readers": 30, "excluded": {"too_many_of_one": 2}}
    record = DatasetRecord(
        id=new_id(), collection_id=collection_id, version=1, digest="0" * 64, counts=counts, created_at=now
    )
    work.datasets.add(record)
    return record.id


def _run(work: UnitOfWork, collection_id: str, dataset_id: str, now: datetime) -> str:
    curves = {
        "penalty": [{"penalty": 0.1 * 10**place, "loss": 0.5 + 0.03 * place} for place in range(5)],
        "chosen_penalty": 0.1,
        "base_loss": 0.998,
        "adapter": [{"ndcg": [0.89, 0.9, 0.91], "best_epoch": 2}, {"ndcg": [0.9, 0.89], "best_epoch": 0}],
    }
    record = TrainingRunRecord(
        id=new_id(),
        collection_id=collection_id,
        trainer="ladder",
        dataset_id=dataset_id,
        state="succeeded",
        configuration={"up_votes": 296},
        seed=0,
        environment={},
        curves=curves,
        figures={"measure": "nDCG@10", "questions": 296, "against_default": {"all": CHANGE}},
        created_at=now,
        finished_at=now,
    )
    work.training_runs.add(record)
    return record.id


def _model(work: UnitOfWork, collection_id: str, state: str, now: datetime, **more: Any) -> str:
    record = ModelRecord(
        id=new_id(),
        collection_id=collection_id,
        version=work.models.next_version(collection_id),
        state=state,
        created_at=now,
        changed_at=now,
        **{"card": {}, **more},
    )
    work.models.add(record)
    work.session.flush()
    return record.id


def _trial(work: UnitOfWork, collection_id: str, control: str, treatment: str, now: datetime) -> str:
    look = {
        "at": now.isoformat(),
        "done": 1,
        "votes": 250,
        "counted": 250.0,
        "mean": 0.018,
        "lower": 0.003,
        "upper": 0.034,
        "z": 2.73,
        "critical": 2.32,
        "decision": "promote",
        "sentence": WHY,
    }
    record = ExperimentRecord(
        id=new_id(),
        collection_id=collection_id,
        method="interleaving",
        purpose="trial",
        control_id=control,
        treatment_id=treatment,
        share=1.0,
        state="ended",
        decision="promote",
        reason=WHY,
        rule={**stored(DecisionRule(), Shares()), "guardrails": {}},
        power={"sentence": "A gain of +0.030 is found in 80% of trials by 500 up-votes."},
        looks=[look],
        started_at=now - timedelta(days=2),
        ended_at=now,
    )
    work.experiments.add(record)
    return record.id


def _history(work: UnitOfWork, model_id: str, trial: str, now: datetime) -> None:
    evaluation = EvaluationRecord(
        id=new_id(),
        model_id=model_id,
        name="own votes, cross-fitted",
        questions=296,
        figures={"all": CHANGE},
        passed=True,
        at=now,
    )
    change = ModelChangeRecord(
        id=new_id(),
        model_id=model_id,
        before="trial",
        after="live",
        decided_by="agent:experiment_runner",
        reason=WHY,
        evidence={"experiment_id": trial},
        at=now,
    )
    work.session.add_all([evaluation, change])
