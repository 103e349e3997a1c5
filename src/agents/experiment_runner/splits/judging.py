"""Looking at what readers said of both arms, and carrying out what it decides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from src.agents.experiment_runner.rules import decision_rule
from src.agents.experiment_runner.settling import put_aside, release
from src.agents.experiment_runner.trials import HEALTHY, RETURN, STOPPED
from src.core.messages.experiments import ExperimentLooked, Purpose
from src.database.models import ExperimentRecord
from src.database.repositories.splits import given_in
from src.database.uow import UnitOfWork, Work
from src.services import registry
from src.services.evaluation.sequential import Decision, Verdict
from src.services.evaluation.split import Contrast

from .figures import contrast_of, judgements, split_of
from .guards import breaches
from .starting import Splits

_PERSON = " A person is to decide: the policy is manual."


@dataclass(frozen=True)
class SplitLooks:
    """Judges running comparisons of answers. Its methods expect a unit of work that holds the collection."""

    splits: Splits

    def look(self, work: UnitOfWork, record: ExperimentRecord, *, by: str) -> None:
        """Judge the ratings so far where a look is due; decisions take effect in the same transaction. They
        are read anew each time, so it does not matter which event tells of them, and how often."""
        if record.state != "running":
            return
        rule = decision_rule(record.rule)
        done = record.looks[-1]["done"] if record.looks else 0
        seen = contrast_of(record, judgements(work, record))
        if seen.counted < rule.looks[done]:
            return
        ratio = split_of(record, given_in(work.session, record.id))
        if ratio.broken:
            self._give_up(work, record, ratio.sentence, by=by)
            return
        judge = rule.audit if record.purpose == Purpose.AA else rule.judge
        verdict = judge(seen, done)
        self._note(work, record, seen, verdict)
        if verdict.final:
            end = self._look_back if record.purpose == Purpose.WATCH else self._conclude
            end(work, record, verdict, seen, by=by)
            self.splits.arrange(work, record.collection_id, by=by)

    def alarmed(self, work: Work, record: ExperimentRecord, now: datetime) -> bool:
        """Whether ``guard`` has anything to do."""
        if record.state != "running" or record.purpose == Purpose.WATCH:
            return False
        return any(one.stop for one in breaches(work, record, now))

    def guard(self, work: UnitOfWork, record: ExperimentRecord, *, by: str) -> None:
        """Stop a comparison whose treatment breaches a guardrail. A watch needs none: its treatment was live
        before."""
        if record.state != "running" or record.purpose == Purpose.WATCH:
            return
        breach = next((one for one in breaches(work, record, work.now()) if one.stop), None)
        if breach is None:
            return
        evidence = {"experiment_id": record.id, "guardrail": asdict(breach)}
        self.splits.trials.end(work, record, STOPPED, breach.sentence, by=by)
        put_aside(work, record, breach.sentence, evidence, by=by)
        self.splits.arrange(work, record.collection_id, by=by)

    def _conclude(
        self, work: UnitOfWork, record: ExperimentRecord, verdict: Verdict, seen: Contrast, *, by: str
    ) -> None:
        evidence = {"experiment_id": record.id, **_figures(seen), "rule": record.rule, "power": record.power}
        promoting = verdict.decision is Decision.PROMOTE
        left = promoting and not self.splits.trials.policy.automatic
        reason = verdict.sentence + (_PERSON if left else "")
        self.splits.trials.end(work, record, verdict.decision.value, reason, by=by)
        if promoting and not left:
            treatment = work.models.get(record.treatment_id)
            registry.promote(work, treatment, by=by, reason=reason, evidence=evidence)
        elif not left:
            put_aside(work, record, reason, evidence, by=by)

    def _look_back(
        self, work: UnitOfWork, record: ExperimentRecord, verdict: Verdict, seen: Contrast, *, by: str
    ) -> None:
        """Return to the way before where it is the better one; else the watch is over."""
        if verdict.decision is not Decision.PROMOTE:
            said = f"Healthy: the way before is not better. {verdict.sentence}"
            self.splits.trials.end(work, record, HEALTHY, said, by=by)
            return
        automatic = self.splits.trials.policy.automatic
        reason = f"The way before is better. {verdict.sentence}" + ("" if automatic else _PERSON)
        self.splits.trials.end(work, record, RETURN, reason, by=by)
        if automatic:
            evidence = {"experiment_id": record.id, **_figures(seen), "rule": record.rule}
            live = work.models.get(record.control_id)
            registry.roll_back(work, live, by=by, reason=reason, evidence=evidence)

    def _give_up(self, work: UnitOfWork, record: ExperimentRecord, reason: str, *, by: str) -> None:
        """A broken split says nothing for or against the treatment."""
        self.splits.trials.end(work, record, Decision.BROKEN.value, reason, by=by)
        release(work, record, reason, by=by)

    def _note(self, work: UnitOfWork, record: ExperimentRecord, seen: Contrast, verdict: Verdict) -> None:
        look = {
            "at": work.now().isoformat(),
            "done": verdict.looks_done,
            "votes": seen.ratings,
            **_figures(seen),
            "lower": verdict.lower,
            "upper": verdict.upper,
            "critical": verdict.critical,
            "decision": verdict.decision.value,
            "sentence": verdict.sentence,
        }
        record.looks = [*record.looks, look]
        work.session.flush()
        work.publish(
            ExperimentLooked(
                experiment_id=record.id,
                collection_id=record.collection_id,
                votes=seen.ratings,
                decision=verdict.decision.value,
            )
        )


def _figures(seen: Contrast) -> dict[str, Any]:
    return {**asdict(seen), "mean": seen.mean, "counted": seen.counted}
