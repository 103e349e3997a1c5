"""Which comparison runs in a collection: starting one, ending one, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from src.core.messages.experiments import ExperimentEnded, ExperimentState, Method, Purpose
from src.database.models import ExperimentRecord, ModelRecord
from src.database.repositories.trials import latest_watch, waiting_models, watch_votes
from src.database.uow import UnitOfWork
from src.services import registry
from src.services.evaluation.sequential import DecisionRule
from src.services.evaluation.watch import ReturnRule

from .forgetting import succeed
from .gatekeeping import compare_again, has_index, is_open
from .guards import baseline
from .opening import begin
from .policy import Policy
from .rules import power_of, return_rule, shares_for, stored
from .settling import put_aside, release, settle, to_be_forgotten
from .takeover import takeover
from .turns import next_in_turn

RETURN = "return"
STOPPED = "stopped"
SUPERSEDED = "superseded"
HEALTHY = "healthy"
_SETTLED = 2
"""The window after which a doubt holds up nobody any more."""


@dataclass(frozen=True)
class Trials:
    """Arranges comparisons. Its methods expect a unit of work that holds the collection."""

    policy: Policy

    def start(
        self,
        work: UnitOfWork,
        control: ModelRecord,
        treatment: ModelRecord,
        purpose: Purpose,
        *,
        by: str,
        share: float = 1.0,
        rule: DecisionRule | ReturnRule | None = None,
        asked: bool = False,
    ) -> ExperimentRecord:
        """Begin a comparison; its rule, its power and its guardrails are fixed here. ``asked`` says that a
        person wanted this one."""
        collection = work.collections.get(control.collection_id)
        now = work.now()
        if rule is None:
            rule = ReturnRule() if purpose is Purpose.WATCH else DecisionRule()
        power: dict[str, Any] = {}
        if isinstance(rule, DecisionRule):
            power = power_of(work, collection, rule, share, now)
        return begin(
            work,
            control,
            treatment,
            purpose,
            Method.INTERLEAVING,
            share=share,
            rule={
                **stored(rule, shares_for(work, collection)),
                "share": share,
                "pause_s": self.policy.pause_s,
                "guardrails": baseline(work, collection.id, now),
                **({"asked_by": by} if asked else {}),
            },
            power=power,
            said=_said(work, treatment, control, power),
            by=by,
        )

    def end(self, work: UnitOfWork, record: ExperimentRecord, decision: str, reason: str, *, by: str) -> None:
        """End a comparison; what becomes of its models is up to who decides."""
        record.state, record.ended_at = ExperimentState.ENDED.value, work.now()
        record.decision, record.reason = decision, reason
        work.session.flush()
        work.publish(
            ExperimentEnded(
                experiment_id=record.id,
                collection_id=record.collection_id,
                decision=decision,
                reason=reason,
                by=by,
            )
        )

    def arrange(self, work: UnitOfWork, collection_id: str, *, by: str) -> None:
        """Have the comparison run that is due; doing it again changes nothing.

        A comparison whose control is not the live model any more is over. A waiting candidate has
        precedence over the watch, as soon as that has seen enough to call the live model healthy, and over
        an older candidate that knows much less, or that was not better offline. Where the live model is to
        be forgotten, it takes its place at once.
        """
        live = work.models.live(collection_id)
        running = work.experiments.running(collection_id)
        if live is not None and self.policy.learning:
            live = settle(work, live, running, automatic=self.policy.automatic, by=by)
            if self.policy.automatic:
                live = succeed(work, live, by=by) or live
        if running is not None and self._is_over(work, running, live, by=by):
            running = None
        if live is None or not self.policy.learning:
            return
        compare_again(work, live, waiting_models(work.session, collection_id), by=by)
        candidate = next_in_turn(work, live, by=by) if self.policy.automatic else None
        if candidate is not None and running is not None and running.purpose == Purpose.WATCH:
            running = self._give_way(work, running, candidate, by=by)
        if candidate is not None and running is not None and running.purpose == Purpose.TRIAL:
            self._take_over(work, live, running, candidate, by=by)
        if running is not None:
            return
        if candidate is not None:
            self.start(work, live, candidate, Purpose.TRIAL, by=by)
        else:
            self._watch(work, live, by=by)

    def _is_over(
        self, work: UnitOfWork, running: ExperimentRecord, live: ModelRecord | None, *, by: str
    ) -> bool:
        """End a comparison with what is live no more, or with what may not be shown any more."""
        if live is None or running.control_id != live.id:
            reason = "Another model went live, so that this comparison tells nothing any more."
            self.end(work, running, SUPERSEDED, reason, by=by)
            waits = "Its trial was against a model that is live no more; it waits for another."
            release(work, running, waits, by=by)
            return True
        forgotten = to_be_forgotten(work, running)
        if forgotten is None:
            return False
        self.end(work, running, SUPERSEDED, forgotten, by=by)
        put_aside(work, running, forgotten, by=by)
        return True

    def _give_way(
        self, work: UnitOfWork, watch: ExperimentRecord, candidate: ModelRecord, *, by: str
    ) -> ExperimentRecord | None:
        """End the watch for a candidate where it saw enough and has no doubt, else let it see everything,
        unless the candidate is no better as far as is known. A doubt that four hundred votes did not settle
        is a small one, and what cannot be shown settles none."""
        rule = return_rule(watch.rule)
        last = watch.looks[-1] if watch.looks else None
        seen = watch_votes(work.session, watch.control_id, watch.treatment_id, rule.windows[-1])
        healthy = len(seen) >= rule.windows[0] and last is not None and last["decision"] == HEALTHY
        before = work.models.find(watch.treatment_id)
        shown = before is not None and has_index(work, before)
        if shown and not healthy and len(seen) < rule.windows[_SETTLED]:
            if not is_open(work, candidate):
                watch.share = rule.alert_share
            return watch
        said = f"What it saw last: {last['sentence']}" if last is not None else "It saw no votes."
        reason = f"It made room for version {candidate.version}, which is tried next. {said}"
        self.end(work, watch, SUPERSEDED, reason, by=by)
        return None

    def _take_over(
        self,
        work: UnitOfWork,
        live: ModelRecord,
        running: ExperimentRecord,
        candidate: ModelRecord,
        *,
        by: str,
    ) -> None:
        """Give a candidate the place of the one on trial, where that is due."""
        older = work.models.get(running.treatment_id)
        found = takeover(work, running, candidate)
        own = registry.WITH_INDEX
        if found is None or (older.kind in own and candidate.kind not in own):
            return
        self.end(work, running, SUPERSEDED, found.reason, by=by)
        evidence = {"experiment_id": running.id, "newer_id": candidate.id}
        registry.reject(work, older, by=by, reason=found.reason, evidence=evidence)
        self.start(work, live, candidate, Purpose.TRIAL, by=by, rule=found.rule)

    def _watch(self, work: UnitOfWork, live: ModelRecord, *, by: str) -> None:
        """Watch the live model against the one before it, unless a person is asked to decide on that."""
        before = registry.predecessor(work, live)
        if before is None or not has_index(work, before):
            return
        latest = latest_watch(work.session, live.id, before.id)
        if latest is not None and self._is_told(latest, live):
            return
        self.start(work, live, before, Purpose.WATCH, by=by, share=ReturnRule().share)

    def _is_told(self, watch: ExperimentRecord, live: ModelRecord) -> bool:
        """Whether a person has stopped a watch, or knows what it found: one who was to decide and is asked no
        more has not, but one who promoted the model again in spite of it has."""
        if watch.decision != RETURN:
            return watch.decision == STOPPED
        asked = watch.ended_at is not None and watch.ended_at >= live.changed_at
        return not (self.policy.automatic and asked)


def _said(work: UnitOfWork, treatment: ModelRecord, control: ModelRecord, power: dict[str, Any]) -> str:
    why = "Not clearly better offline, so readers decide. " if is_open(work, treatment) else ""
    return f"{why}On trial against version {control.version}. {power.get('sentence', '')}".rstrip()
