"""The monitor's figures as people read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from src.core.messages.alerts import ErrorPattern
from src.core.messages.console import Metric
from src.web.display import milliseconds, number, size, span

NONE = "not yet"
IDLE = "none waits"
HOURS = 48


@dataclass(frozen=True)
class Figure:
    """One value with its name, and a few words on it."""

    label: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Stage:
    """Quantiles of the time of one stage, in words; empty where there are too few observations."""

    name: str
    times: tuple[str, ...]


class Board:
    """Looks figures up in the samples of all metrics."""

    def __init__(self, samples: Sequence[Metric]) -> None:
        self._samples = samples

    def groups(self) -> dict[str, list[Figure]]:
        """The figures by heading."""
        return {
            "Readers, the last day": [
                self._one("Answers", "stoa_answers", number),
                self._one("Rated", "stoa_rated_share", _share),
                self._one("Down-votes", "stoa_down_share", _share, "of the ratings"),
                self._one("Refused", "stoa_refused_share", _share, "for want of evidence"),
                self._one("Without a source", "stoa_unsupported_share", _share, "of the statements"),
                self._one("Cost", "stoa_llm_spent_usd", _dollars, "by list price"),
            ],
            "Drift, against four weeks": [
                self._one("Questions", "stoa_question_drift", _two, self._chance("stoa_question_drift_p")),
                self._one("Novelty", "stoa_question_novelty", _two, "1 is usual"),
                self._one(
                    "Scores",
                    "stoa_score_drift",
                    _two,
                    self._chance("stoa_score_drift_p", score="dense"),
                    score="dense",
                ),
            ],
            "Machinery": [
                self._one("Oldest event", "stoa_queue_age_seconds", _age, absent=IDLE),
                self._one("Oldest job", "stoa_job_wait_seconds", _age, absent=IDLE),
                self._one("Job that nobody holds", "stoa_job_lease_overdue_seconds", _since),
                self._one(
                    "Work that nobody holds",
                    "stoa_chore_lease_age_seconds",
                    _since,
                    "periodic; up to 6 min is usual",
                ),
                self._one("Failed requests", "stoa_failed_share", _share, "of the last hour"),
                self._one("Free on disk", "stoa_disk_free_bytes", _bytes, worst=min),
                self._one("Memory", "stoa_worker_memory_bytes", _bytes),
                self._one("Database", "stoa_database_bytes", _bytes),
            ],
        }

    def stages(self, metric: str) -> list[Stage]:
        """The stages of a search or of an answer, the whole last."""
        found: dict[str, dict[str, float]] = {}
        for sample in self._samples:
            if sample.name == metric:
                found.setdefault(sample.labels["stage"], {})[sample.labels["quantile"]] = sample.value
        return [
            Stage(
                name,
                tuple(
                    milliseconds(times[one] * 1000) if one in times else "" for one in ("0.5", "0.95", "0.99")
                ),
            )
            for name, times in sorted(found.items(), key=lambda item: (item[0] == "total", item[0]))
        ]

    def _one(
        self,
        label: str,
        name: str,
        show: Callable[[float], str],
        note: str = "",
        *,
        worst: Callable[[Sequence[float]], float] = max,
        absent: str = NONE,
        **labels: str,
    ) -> Figure:
        values = [
            one.value
            for one in self._samples
            if one.name == name and all(one.labels.get(key) == value for key, value in labels.items())
        ]
        return Figure(label, show(worst(values)), note) if values else Figure(label, absent)

    def _chance(self, name: str, **labels: str) -> str:
        p = self._one("", name, lambda value: f"by chance {value:.1%}", worst=max, absent=NONE, **labels).text
        return "" if p == NONE else p


def bars(pattern: ErrorPattern, now: datetime) -> list[tuple[int, int, int]]:
    """Hour (0 the oldest of the last ``HOURS``), height from 1 to 12, and count, for hours with any."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    most = max((one.count for one in pattern.hours), default=1)
    return [
        (int((one.hour - first).total_seconds() // 3600), max(1, round(12 * one.count / most)), one.count)
        for one in pattern.hours
        if one.hour >= first
    ]


def _share(value: float) -> str:
    return f"{value:.1%}" if 0 < value < 0.1 else f"{value:.0%}"


def _age(value: float) -> str:
    return span(value) if value else IDLE


def _since(value: float) -> str:
    return f"for {span(value)}" if value >= 1 else "none"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _dollars(value: float) -> str:
    return f"${value:.2f}"


def _bytes(value: float) -> str:
    return size(int(value))
