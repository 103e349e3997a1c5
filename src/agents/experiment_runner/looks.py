"""Looking at the evidence of a running comparison, and carrying out what it decides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from src.core.errors import ConflictError
from src.core.messages.experiments import ExperimentLooked, Purpose
from src.database.models import ExperimentRecord
from src.database.repositories.trials import up_votes, watch_votes
from src.database.uow import UnitOfWork, Work
from src.services import registry
from src.services.evaluation.estimate import Estimate, estimate
from src.services.evaluation.guardrails import Breach
from src.services.evaluation.sequential import Decision, Verdict
from src.services.evaluation.watch import Watch

from .guards import breaches
from .pauses import PAUSED, go_on, pause, paused_until
from .rules import decision_rule, looks_done, return_rule, stored_shares, votes_of
from .settling import put_aside, put_live
from .trials import HEALTHY, RETURN, STOPPED, Trials

SUSPICIOUS = "suspicious"
_JUDGED_EVERY = 5
_NOTED_EVERY = 25
_PERSON = " A person is to decide: the policy is manual."


@dataclass(frozen=True)
class Looks:
    """Judges running comparisons. Its methods expect a unit of work that holds the collection."""

    trials: Trials

    def look(self, work: UnitOfWork, record: ExperimentRecord, *, by: str) -> None:
        """Judge the votes so far where a look is due; decisions take effect in the same transaction."""
        if record.state != "running":
            return
        if record.purpose == Purpose.WATCH:
            self._look_back(work, record, by=by)
        else:
            self._look_at_trial(work, record, by=by)

    def alarmed(self, work: Work, record: ExperimentRecord, now: datetime) -> bool:
        """Whether ``guard`` has anything to do."""
        if record.state != "running" or record.purpose == Purpose.WATCH:
            return False
        pausing = paused_until(record)
        if pausing is not None:
            return now >= pausing
        return any(one.stop for one in breaches(work, record, now))

    def guard(self, work: UnitOfWork, record: ExperimentRecord, *, by: str) -> None:
        """Stop a trial whose treatment breaches a guardrail, and pause one for what cannot be told from the
        machine's or the service's own trouble. A watch needs none: it compares with the past."""
        if record.state != "running" or record.purpose == Purpose.WATCH:
            return
        pausing = paused_until(record)
        if pausing is not None:
            if work.now() >= pausing:
                go_on(work, record)
            return
        breach = next((one for one in breaches(work, record, work.now()) if one.stop), None)
        if breach is None:
            return
        if breach.shared:
            seen = estimate(votes_of(work.experiments.votes(record.id)), stored_shares(record.rule))
            self._note(work, record, _pause_of(seen, record, breach))
            pause(record)
            return
        evidence = {"experiment_id": record.id, "guardrail": asdict(breach)}
        self.trials.end(work, record, STOPPED, breach.sentence, by=by)
        put_aside(work, record, breach.sentence, evidence, by=by)
        self.trials.arrange(work, record.collection_id, by=by)

    def _look_at_trial(self, work: UnitOfWork, record: ExperimentRecord, *, by: str) -> None:
        rule = decision_rule(record.rule)
        done = looks_done(record)
        votes = votes_of(work.experiments.votes(record.id))
        if len(votes) < rule.looks[done]:
            return
        seen = estimate(votes, stored_shares(record.rule))
        judge = rule.audit if record.purpose == Purpose.AA else rule.judge
        verdict = judge(seen, done)
        if verdict.critical is None:
            return
        self._note(work, record, _look_of(seen, verdict))
        if verdict.final:
            self._conclude(work, record, verdict, seen, by=by)
        else:
            self.trials.arrange(work, record.collection_id, by=by)

    def _conclude(
        self, work: UnitOfWork, record: ExperimentRecord, verdict: Verdict, seen: Estimate, *, by: str
    ) -> None:
        evidence = {"experiment_id": record.id, **_figures(seen), "rule": record.rule, "power": record.power}
        promoting = verdict.decision is Decision.PROMOTE
        left = promoting and not self.trials.policy.automatic
        reason = verdict.sentence + (_PERSON if left else "")
        self.trials.end(work, record, verdict.decision.value, reason, by=by)
        if promoting and not left:
            put_live(work, work.models.get(record.treatment_id), reason, evidence, by=by)
        elif not left:
            put_aside(work, record, reason, evidence, by=by)
        self.trials.arrange(work, record.collection_id, by=by)

    def _look_back(self, work: UnitOfWork, record: ExperimentRecord, *, by: str) -> None:
        """Judge a watch over the latest votes, also those of earlier watches of the same two models."""
        rule = return_rule(record.rule)
        count = up_votes(work.session, record.id)
        if not count or count % _JUDGED_EVERY:
            return
        found = watch_votes(work.session, record.control_id, record.treatment_id, rule.windows[-1])
        watch = rule.judge(votes_of(found), stored_shares(record.rule))
        if watch.evidence is None:
            return
        last = record.looks[-1] if record.looks else None
        changed = last is None or last["decision"] != _state(watch)
        if changed or (count % _NOTED_EVERY == 0 and last is not None and last["votes"] != count):
            self._note(work, record, _look_of_watch(watch, watch.evidence, count, rule.critical))
        record.share = watch.share or record.share
        if watch.back:
            self._return(work, record, watch, watch.evidence, by=by)
        else:
            self.trials.arrange(work, record.collection_id, by=by)

    def _return(
        self, work: UnitOfWork, record: ExperimentRecord, watch: Watch, seen: Estimate, *, by: str
    ) -> None:
        automatic = self.trials.policy.automatic
        reason = watch.sentence
        if not automatic:
            reason = f"The version before gains {seen.mean:+.3f} on the live one.{_PERSON}"
        self.trials.end(work, record, RETURN, reason, by=by)
        if automatic:
            evidence = {"experiment_id": record.id, **_figures(seen), "rule": record.rule}
            live = work.models.get(record.control_id)
            try:
                registry.roll_back(work, live, by=by, reason=reason, evidence=evidence)
            except ConflictError as error:
                record.reason = f"{reason} There is no way back: {error.detail}"
        self.trials.arrange(work, record.collection_id, by=by)

    def _note(self, work: UnitOfWork, record: ExperimentRecord, look: dict[str, Any]) -> None:
        record.looks = [*record.looks, {"at": work.now().isoformat(), **look}]
        work.session.flush()
        work.publish(
            ExperimentLooked(
                experiment_id=record.id,
                collection_id=record.collection_id,
                votes=look["votes"],
                decision=look["decision"],
            )
        )


def _look_of(seen: Estimate, verdict: Verdict) -> dict[str, Any]:
    return {
        "done": verdict.looks_done,
        **_figures(seen),
        "lower": verdict.lower,
        "upper": verdict.upper,
        "critical": verdict.critical,
        "decision": verdict.decision.value,
        "sentence": verdict.sentence,
    }


def _pause_of(seen: Estimate, record: ExperimentRecord, breach: Breach) -> dict[str, Any]:
    return {
        "done": looks_done(record),
        **_figures(seen),
        "lower": seen.mean - 1.96 * seen.error,
        "upper": seen.mean + 1.96 * seen.error,
        "critical": None,
        "decision": PAUSED,
        "sentence": breach.sentence,
    }


def _look_of_watch(watch: Watch, seen: Estimate, votes: int, critical: float) -> dict[str, Any]:
    return {
        "done": 0,
        **_figures(seen),
        "votes": votes,
        "lower": seen.mean - critical * seen.error,
        "upper": seen.mean + critical * seen.error,
        "critical": critical,
        "decision": _state(watch),
        "sentence": watch.sentence,
    }


def _state(watch: Watch) -> str:
    if watch.back:
        return RETURN
    return HEALTHY if watch.share < 1.0 else SUSPICIOUS


def _figures(seen: Estimate) -> dict[str, Any]:
    """The estimate as JSON; what is infinite where it does not apply is null."""
    figures = asdict(seen)
    return {
        name: None if isinstance(value, float) and abs(value) == float("inf") else value
        for name, value in figures.items()
        if name != "shares"
    }
