"""What the collectors say of what is in the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from src.agents.monitor.collectors import (
    ContentCollector,
    DriftCollector,
    LatencyCollector,
    MachineCollector,
    QualityCollector,
    QueueCollector,
    TrafficCollector,
)
from src.agents.monitor.measuring import Measuring
from src.core.ports import Vectors
from src.services.brokers.sql import SqlBroker
from tests.support.watching import Lookout, activity, answer, conversation, rating, search
from tests.support.workshop import Workshop

HOUR = timedelta(hours=1)


class Axes:
    """An embedder whose vectors lie about the axis that the first letter names."""

    def __init__(self) -> None:
        self.asked = 0

    def embed_query(self, text: str) -> Vectors:
        self.asked += 1
        raw = np.random.default_rng(abs(hash(text)) % 2**32).normal(size=26)
        raw[ord(text[0]) - ord("a")] += 6.0
        unit: Vectors = (raw / np.linalg.norm(raw)).astype(np.float32)
        return unit


def test_quality_is_counted_over_the_last_day_alone(either: Lookout) -> None:
    now = either.clock.now()
    talk, reader = conversation(now), either.user()
    given = [
        answer(
            talk, now - HOUR, model="claude-x", claims=8, unsupported=2, input_tokens=900, output_tokens=80
        )
        for _ in range(2)
    ]
    given[0].cost_usd = 0.25
    refused = [answer(talk, now - HOUR, refused=True) for _ in range(2)]
    old = answer(talk, now - 25 * HOUR, refused=True, claims=100, unsupported=100, cost_usd=9.0)
    either.add(talk, *given, *refused, old, search(now - HOUR), search(now - 30 * HOUR))
    either.add(
        rating(reader, given[0].id, now - HOUR, "down"),
        rating(reader, given[0].id, now - HOUR, "up"),
        rating(reader, given[1].id, now - HOUR, "up", state="new"),
        rating(reader, refused[0].id, now - HOUR, "up"),
        rating(reader, None, now - HOUR, "down", state="held"),
        rating(reader, old.id, now - 25 * HOUR, "down"),
    )
    found = either.collect(QualityCollector())
    values = {key: one.value for key, one in found.items()}
    assert (values["stoa_answers",], values["stoa_searches",]) == (4, 1)
    assert (values["stoa_refused_share",], values["stoa_rated_share",]) == (0.5, 0.75)
    assert (values["stoa_down_share",], found["stoa_down_share",].count) == (0.25, 4)
    assert (values["stoa_claims",], values["stoa_unsupported_share",]) == (16, 0.25)
    assert values["stoa_ratings", "down", "held"] == 1
    assert values["stoa_llm_tokens", "claude-x", "in"] == 1800
    assert (values["stoa_llm_cost_usd", "claude-x"], values["stoa_llm_spent_usd",]) == (0.25, 0.25)
    assert ("stoa_llm_cost_usd", "extractive") not in values


def test_an_empty_installation_has_no_shares_and_no_failing_collector(
    either: Lookout, tmp_path: Path
) -> None:
    collectors = [
        MachineCollector(tmp_path),
        QueueCollector(SqlBroker(either.database)),
        TrafficCollector(),
        LatencyCollector(),
        QualityCollector(),
        ContentCollector(),
        DriftCollector(Axes()),  # type: ignore[arg-type]
    ]
    measuring = Measuring(either.database, collectors)
    measuring.run(either.clock.now(), ())
    assert [one.error for one in measuring.latest()] == [None] * len(collectors)
    given = {one.name: one.value for measured in measuring.latest() for one in measured.samples}
    assert not {name for name in given if name.endswith("_share")}
    assert given["stoa_worker_memory_bytes"] > 2**20
    assert given["stoa_database_bytes"] > 2**15
    assert given["stoa_disk_free_bytes"] < given["stoa_disk_size_bytes"]


def test_latencies_are_quantiles_of_the_last_hour_as_far_as_its_numbers_carry(either: Lookout) -> None:
    now = either.clock.now()
    taken = [search(now, took_ms={"total": 1000.0 * n}) for n in range(1, 21)]
    talk = conversation(now)
    either.add(*taken, search(now - 2 * HOUR, took_ms={"total": 1e9}), talk)
    either.add(*(answer(talk, now, took_ms={"compose": 500.0}) for _ in range(3)))
    found = either.collect(LatencyCollector())
    assert found["stoa_search_seconds", "total", "0.95"].value == pytest.approx(19.05)
    assert ("stoa_search_seconds", "total", "0.99") not in found
    assert found["stoa_answer_seconds", "compose", "0.5"].value == 0.5
    assert ("stoa_answer_seconds", "compose", "0.95") not in found
    assert found["stoa_timed", "search"].value == 20


def test_a_failure_is_one_of_stoa_and_not_of_its_caller(either: Lookout) -> None:
    now = either.clock.now()
    either.add(
        *(activity(now, duration_ms=10.0) for _ in range(7)),
        activity(now, outcome="not_found"),
        activity(now, outcome="internal", error="KeyError: 'x'"),
        activity(now, capability="job.list", outcome="unavailable", error="The index is away."),
        activity(now - 2 * HOUR, outcome="internal", error="long ago"),
    )
    found = either.collect(TrafficCollector())
    assert found["stoa_requests", "passage.search"].value == 9
    assert found["stoa_requests_failed", "passage.search"].value == 1
    assert (found["stoa_failed_share",].value, found["stoa_failed_share",].count) == (0.2, 10)


def test_jobs_that_wait_are_told_with_their_age(either: Lookout) -> None:
    workshop = Workshop(either.database, either.clock)
    workshop.enqueue()
    workshop.enqueue()
    workshop.claimed()
    either.clock.seconds += 100
    found = either.collect(QueueCollector(SqlBroker(either.database)))
    assert found["stoa_job_wait_seconds", "chop"].value == pytest.approx(100)
    assert found["stoa_jobs", "chop", "running"].value == 1
    assert found["stoa_job_lease_overdue_seconds",].value == pytest.approx(70)


def add_searches(lookout: Lookout, before: str, now: str, many: int = 120, dense: float = 0.5) -> None:
    rng = np.random.default_rng(0)
    lookout.add(
        *(search(lookout.ago(days=10), f"{before} {n}", rng.normal(0.5, 0.05)) for n in range(many)),
        *(search(lookout.ago(hours=2), f"{now} {n} again", rng.normal(dense, 0.05)) for n in range(many)),
    )


def test_questions_of_another_kind_are_a_drift(either: Lookout) -> None:
    add_searches(either, "apples", "bananas", dense=0.4)
    found = either.collect(DriftCollector(Axes()))  # type: ignore[arg-type]
    drift = found["stoa_question_drift",]
    assert drift.value > 0.15
    assert not drift.chance
    assert (drift.count, found["stoa_question_drift_p",].value) == (120, 0.001)
    assert found["stoa_question_novelty",].value > 1.2
    assert not found["stoa_score_drift", "dense"].chance


def test_questions_and_scores_as_before_are_called_chance(lookout: Lookout) -> None:
    add_searches(lookout, "apples", "apples")
    found = lookout.collect(DriftCollector(Axes()))  # type: ignore[arg-type]
    assert found["stoa_question_drift",].value < 0.02
    assert found["stoa_question_drift",].chance
    assert found["stoa_score_drift", "fused"].chance


def test_few_questions_say_nothing_about_drift(lookout: Lookout) -> None:
    add_searches(lookout, "apples", "bananas", many=49)
    embedder = Axes()
    found = lookout.collect(DriftCollector(embedder))  # type: ignore[arg-type]
    assert {name for name, *_ in found} == {"stoa_drift_questions"}
    assert embedder.asked == 0


def test_one_question_asked_over_and_over_is_one_question(lookout: Lookout) -> None:
    lookout.add(
        *(search(lookout.ago(hours=1), "Apples?") for _ in range(60)), search(lookout.ago(hours=1), "apples?")
    )
    found = lookout.collect(DriftCollector(Axes()))  # type: ignore[arg-type]
    assert found["stoa_drift_questions", "recent"].value == 1


def test_drift_costs_no_more_than_its_sample_however_much_was_asked(lookout: Lookout) -> None:
    add_searches(lookout, "apples", "bananas", many=400)
    embedder = Axes()
    found = lookout.collect(DriftCollector(embedder, most=80, least_questions=20))  # type: ignore[arg-type]
    assert embedder.asked < 260
    assert found["stoa_drift_questions", "recent"].value == pytest.approx(80, abs=35)
    assert not found["stoa_question_drift",].chance


def test_what_stoa_searches_itself_is_no_question_of_a_reader(lookout: Lookout) -> None:
    lookout.add(*(search(lookout.ago(hours=1), f"apples {n}", user_id=None) for n in range(60)))
    found = lookout.collect(DriftCollector(Axes()))  # type: ignore[arg-type]
    assert found["stoa_drift_questions", "recent"].value == 0
