"""When a figure is worth an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .measuring import Sample


class Verdict(Enum):
    """How one figure stands to its threshold: beyond it, well within, or in the band between the two, where
    nothing changes."""

    BEYOND = "beyond"
    BETWEEN = "between"
    WELL = "well"


@dataclass(frozen=True)
class Rule:
    """A threshold on a metric. ``by`` is the label that tells what an alert is of; ``match`` narrows by
    labels. A figure clears when it is better than the threshold by ``slack`` of it, for ``hold_s``; it
    raises when it is beyond for as long. ``least`` is the number of observations it must rest on; with less
    than half of that an alert clears, since nothing can be said any more. ``says`` is the sentence, with
    ``value``, ``limit``, ``count`` and ``of``.
    """

    name: str
    metric: str
    limit: float
    says: str
    above: bool = True
    by: str = ""
    match: Mapping[str, str] = field(default_factory=dict)
    slack: float = 0.2
    least: int = 0
    hold_s: float = 0.0
    severity: str = "warning"
    unit: float = 1.0

    def concerns(self, sample: Sample) -> bool:
        return sample.name == self.metric and all(
            sample.labels.get(key) == value for key, value in self.match.items()
        )

    def subject(self, sample: Sample) -> str:
        return sample.labels.get(self.by, "") if self.by else ""

    def judge(self, sample: Sample) -> Verdict:
        if sample.count is not None and sample.count < self.least:
            return Verdict.WELL if sample.count < self.least / 2 else Verdict.BETWEEN
        if self._beyond(sample.value, self.limit, strict=not self.above):
            return Verdict.BETWEEN if sample.chance else Verdict.BEYOND
        within = self.limit * (1 - self.slack if self.above else 1 + self.slack)
        return Verdict.BETWEEN if self._beyond(sample.value, within, strict=True) else Verdict.WELL

    def sentence(self, sample: Sample) -> str:
        """What is the matter, in numbers."""
        return self.says.format(
            value=sample.value / self.unit,
            limit=self.limit / self.unit,
            count=sample.count or 0,
            of=self.subject(sample),
        )

    def _beyond(self, value: float, limit: float, *, strict: bool) -> bool:
        if self.above:
            return value > limit if strict else value >= limit
        return value < limit


@dataclass(frozen=True)
class Thresholds:
    """The limits, as the settings have them; 0 switches a rule off. Times are seconds, sizes bytes."""

    down_share: float = 0.4
    refused_share: float = 0.5
    unsupported_share: float = 0.3
    question_drift: float = 0.15
    score_drift: float = 0.25
    failed_share: float = 0.05
    search_s: float = 2.0
    answer_s: float = 30.0
    queue_age_s: float = 300.0
    job_wait_s: float = 3600.0
    dead_letters: int = 1
    stuck_jobs: int = 1
    disk_free_bytes: int = 2**30
    memory_bytes: int = 4 * 2**30
    cost_usd: float = 0.0


_MIB = 2.0**20
_TOTAL = {"stage": "total", "quantile": "0.95"}


def standard_rules(limits: Thresholds) -> tuple[Rule, ...]:
    """The rules that are switched on."""
    rules = (
        Rule(
            "not_ready",
            "stoa_part_ready",
            1.0,
            "{of} is not ready; /readyz says why.",
            above=False,
            by="part",
            slack=0.0,
            hold_s=20.0,
            severity="critical",
        ),
        Rule(
            "collector_failed",
            "stoa_collector_failed",
            1.0,
            "The collector {of} fails, so that its figures are old; the log says why.",
            by="collector",
            hold_s=60.0,
        ),
        Rule(
            "down_votes",
            "stoa_down_share",
            limits.down_share,
            "{value:.0%} of the last day's {count} ratings are down-votes; the limit is {limit:.0%}.",
            least=20,
        ),
        Rule(
            "refused_answers",
            "stoa_refused_share",
            limits.refused_share,
            "{value:.0%} of the last day's {count} questions were not answered for want of evidence; the "
            "limit is {limit:.0%}.",
            least=20,
        ),
        Rule(
            "unsupported_statements",
            "stoa_unsupported_share",
            limits.unsupported_share,
            "{value:.0%} of the {count} statements in the last day's answers have no source; the limit is "
            "{limit:.0%}.",
            least=50,
        ),
        Rule(
            "question_drift",
            "stoa_question_drift",
            limits.question_drift,
            "The last day's questions are unlike those of the four weeks before: distance {value:.2f}, "
            "limit {limit:.2f}.",
            least=50,
        ),
        Rule(
            "score_drift",
            "stoa_score_drift",
            limits.score_drift,
            "The {of} scores of the best hits have shifted: stability index {value:.2f}, limit {limit:.2f}.",
            by="score",
            least=100,
        ),
        Rule(
            "failed_requests",
            "stoa_failed_share",
            limits.failed_share,
            "{value:.1%} of the last hour's {count} requests failed; the limit is {limit:.1%}.",
            least=50,
            severity="critical",
        ),
        Rule(
            "slow_searches",
            "stoa_search_seconds",
            limits.search_s,
            "One search in twenty takes {value:.1f} s or more; the limit is {limit:g} s.",
            match=_TOTAL,
            least=20,
        ),
        Rule(
            "slow_answers",
            "stoa_answer_seconds",
            limits.answer_s,
            "One answer in twenty takes {value:.1f} s or more; the limit is {limit:g} s.",
            match=_TOTAL,
            least=20,
        ),
        Rule(
            "old_events",
            "stoa_queue_age_seconds",
            limits.queue_age_s,
            "An event has waited for {of} for {value:.0f} s; the limit is {limit:g} s.",
            by="agent",
        ),
        Rule(
            "old_jobs",
            "stoa_job_wait_seconds",
            limits.job_wait_s,
            "A job of kind {of} has waited for {value:.0f} s; the limit is {limit:g} s.",
            by="kind",
        ),
        Rule(
            "dead_letters",
            "stoa_dead_letters",
            limits.dead_letters,
            "Events that the agent {of} gave up on: {value:.0f}. Its dead letters in the console say why.",
            by="group",
        ),
        Rule(
            "stuck_jobs",
            "stoa_jobs_stuck",
            limits.stuck_jobs,
            "{value:.0f} jobs should move and do not: see the console.",
        ),
        Rule(
            "low_disk",
            "stoa_disk_free_bytes",
            limits.disk_free_bytes,
            "{value:.0f} MiB are free where the data folder is; the limit is {limit:.0f} MiB.",
            above=False,
            severity="critical",
            unit=_MIB,
        ),
        Rule(
            "much_memory",
            "stoa_worker_memory_bytes",
            limits.memory_bytes,
            "The process of the agents holds {value:.0f} MiB of memory; the limit is {limit:.0f} MiB.",
            hold_s=60.0,
            unit=_MIB,
        ),
        Rule(
            "model_cost",
            "stoa_llm_spent_usd",
            limits.cost_usd,
            "The last day's answers cost {value:.2f} US dollars; the limit is {limit:.2f}.",
        ),
    )
    return tuple(rule for rule in rules if rule.limit > 0)
