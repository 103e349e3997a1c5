"""Which comparison of answers runs in a collection: starting one and ending one."""

from __future__ import annotations

from dataclasses import dataclass

from src.agents.experiment_runner.opening import begin
from src.agents.experiment_runner.settling import release
from src.agents.experiment_runner.trials import SUPERSEDED, Trials
from src.core.messages.answering import AnySetting
from src.core.messages.experiments import Method, Purpose
from src.core.messages.models import ModelRole, ModelState
from src.database.models import ExperimentRecord, ModelRecord
from src.database.repositories.trials import latest_watch
from src.database.uow import UnitOfWork
from src.services import registry

from .planning import power_of, stored_rule

KIND = "settings"
WATCH_SHARE = 0.4
"""The part of the readers that a watch takes: half of them keep what was live before."""


@dataclass(frozen=True)
class Splits:
    """Arranges comparisons of answers. Its methods expect a unit of work that holds the collection."""

    trials: Trials

    def variant(
        self, work: UnitOfWork, live: ModelRecord, settings: tuple[AnySetting, ...], *, by: str
    ) -> ModelRecord:
        """Write down another way to answer: the live one with these settings laid over it."""
        mine = {one.kind: one.model_dump(mode="json") for one in settings}
        whole = {one["kind"]: one for one in live.card.get("settings") or []} | mine
        named = ", ".join(sorted(mine))
        return registry.register(
            work,
            live.collection_id,
            role=ModelRole.ANSWERING,
            kind=KIND,
            state=ModelState.CANDIDATE.value,
            card={
                "summary": f"As version {live.version}, with another {named}.",
                "settings": list(whole.values()),
                "changed": sorted(mine),
            },
            by=by,
            reason=f"Made by {by} to be compared with version {live.version}.",
            parent_id=live.id,
        )

    def start(
        self,
        work: UnitOfWork,
        control: ModelRecord,
        treatment: ModelRecord,
        purpose: Purpose,
        *,
        by: str,
        share: float,
    ) -> ExperimentRecord:
        """Begin a comparison; its rule, its power and its limits are fixed here."""
        collection = work.collections.get(control.collection_id)
        power = power_of(work, collection, share, work.now())
        return begin(
            work,
            control,
            treatment,
            purpose,
            Method.AB,
            share=share,
            rule=stored_rule(work, collection, share),
            power=power,
            said=f"Compared with version {control.version} by readers. {power['sentence']}",
            by=by,
        )

    def arrange(self, work: UnitOfWork, collection_id: str, *, by: str) -> None:
        """Have the comparison run that is due; doing it again changes nothing. What compares with a way to
        answer that is not the live one any more is over. Where nothing runs, the live way is watched against
        the one before it, until that was decided once."""
        running = work.experiments.running(collection_id, Method.AB)
        live = work.models.live(collection_id, ModelRole.ANSWERING)
        if running is not None and (live is None or running.control_id != live.id):
            reason = "Another way to answer went live, so that this comparison tells nothing any more."
            self.trials.end(work, running, SUPERSEDED, reason, by=by)
            release(work, running, "What it was compared with is live no more.", by=by)
            running = None
        if running is None and live is not None and self.trials.policy.learning:
            self._watch(work, live, by=by)

    def _watch(self, work: UnitOfWork, live: ModelRecord, *, by: str) -> None:
        before = registry.predecessor(work, live)
        if before is None:
            return
        latest = latest_watch(work.session, live.id, before.id)
        if latest is None or latest.decision == SUPERSEDED:
            self.start(work, live, before, Purpose.WATCH, by=by, share=WATCH_SHARE)
