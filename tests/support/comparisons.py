"""What the experiment runner has reached in a data folder that no process works on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from src.core.clock import SystemClock
from src.database.models import (
    DeadLetterRecord,
    EvaluationRecord,
    EventRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    ModelChangeRecord,
    ModelRecord,
)
from src.database.uow import Database
from tests.support.application import make_settings


@dataclass(frozen=True)
class End:
    """What must be the same however often the work was cut short."""

    models: tuple[tuple[int, str], ...]
    changes: tuple[tuple[str, str, str], ...]
    evaluations: tuple[tuple[str, int, bool | None], ...]
    experiments: tuple[tuple[str, str, str | None, int], ...]
    votes: int
    told: tuple[tuple[str, int], ...]
    letters: int


def end(data_dir: Path) -> End:
    database = Database(make_settings(data_dir).database, SystemClock())
    with database.read() as work:
        session = work.session
        models = session.scalars(select(ModelRecord)).all()
        changes = session.scalars(select(ModelChangeRecord)).all()
        evaluations = session.scalars(select(EvaluationRecord)).all()
        experiments = session.scalars(select(ExperimentRecord).order_by(ExperimentRecord.id)).all()
        topics = Counter(record.topic for record in session.scalars(select(EventRecord)))
        reached = End(
            models=tuple(sorted((one.version, one.state) for one in models)),
            changes=tuple(sorted((c.before or "", c.after, c.reason) for c in changes)),
            evaluations=tuple(sorted(((e.name, e.questions, e.passed) for e in evaluations), key=str)),
            experiments=tuple((e.purpose, e.state, e.decision, len(e.looks)) for e in experiments),
            votes=len(session.scalars(select(ExperimentVoteRecord)).all()),
            told=tuple(
                sorted(
                    (topic, count)
                    for topic, count in topics.items()
                    if topic.startswith(("model.", "experiment.", "candidate."))
                )
            ),
            letters=len(session.scalars(select(DeadLetterRecord)).all()),
        )
    database.close()
    return reached
