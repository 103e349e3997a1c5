"""Jobs that should move and do not are flagged once, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any, cast

import pytest

from src.agents.monitor import MonitorAgent
from src.core.caller import Caller
from src.core.context import JobFence
from src.core.jobs import JobRun, JobState
from tests.support.workshop import LEASE_S, Workshop

STUCK_S = 120.0


@pytest.fixture
def monitor(workshop: Workshop) -> MonitorAgent:
    """The agent with what watching jobs needs: the database."""
    unused = cast("Any", None)
    return MonitorAgent(
        workshop.database,
        unused,
        unused,
        unused,
        unused,
        unused,
        unused,
        job_stuck_s=STUCK_S,
        retention_days=30,
    )


def watch(workshop: Workshop, monitor: MonitorAgent) -> list[str]:
    """Watch once; the jobs of all stuck events so far."""
    monitor.watch_jobs(workshop.orchestrator.context(Caller.agent("monitor")))
    return [event.payload["job_id"] for event in workshop.events("job.stuck.v1")]


def test_a_queued_job_that_nobody_takes_is_flagged_once(workshop: Workshop, monitor: MonitorAgent) -> None:
    job_id = workshop.enqueue()
    workshop.pass_time(STUCK_S - 1)
    assert watch(workshop, monitor) == []
    workshop.pass_time(2)
    since = workshop.clock.now()
    assert watch(workshop, monitor) == [job_id]
    workshop.pass_time(60)
    assert watch(workshop, monitor) == [job_id]
    assert workshop.record(job_id).stuck_since == since
    with workshop.database.read() as work:
        assert work.jobs.stuck() == {"chop": 1}


def test_a_queued_job_is_not_stuck_as_long_as_the_line_moves(
    workshop: Workshop, monitor: MonitorAgent
) -> None:
    begun, waiting = workshop.enqueue(), workshop.enqueue()
    job = workshop.claimed()
    run = JobRun(job, workshop.context(job, JobFence(job.id, job.lease_token)), workshop.store, bool)
    for done in range(3):
        workshop.pass_time(STUCK_S - 1)
        run.progress(stage="chopping", done=done, total=10)
        assert watch(workshop, monitor) == []
    workshop.pass_time(STUCK_S + 1)
    assert sorted(watch(workshop, monitor)) == [begun, waiting]


def test_the_event_of_a_stuck_job_belongs_to_what_set_the_job_off(
    workshop: Workshop, monitor: MonitorAgent
) -> None:
    job_id = workshop.enqueue()
    workshop.pass_time(STUCK_S + 1)
    watch(workshop, monitor)
    (event,) = workshop.events("job.stuck.v1")
    assert event.correlation_id == workshop.record(job_id).correlation_id


def test_progress_takes_the_flag_away_and_standing_still_again_sets_it_again(
    workshop: Workshop, monitor: MonitorAgent
) -> None:
    job_id = workshop.enqueue()
    job = workshop.claimed()
    run = JobRun(job, workshop.context(job, JobFence(job.id, job.lease_token)), workshop.store, bool)
    workshop.pass_time(STUCK_S + 1)
    assert watch(workshop, monitor) == [job_id]
    run.progress(stage="chopping", done=1, total=10)
    assert workshop.record(job_id).stuck_since is None
    assert watch(workshop, monitor) == [job_id]
    workshop.pass_time(STUCK_S + 1)
    assert watch(workshop, monitor) == [job_id, job_id]


def test_a_heartbeat_alone_is_no_progress_but_a_commit_is(workshop: Workshop, monitor: MonitorAgent) -> None:
    job_id = workshop.enqueue()
    job = workshop.claimed()
    workshop.pass_time(STUCK_S + 1)
    workshop.store.extend(job, lease_s=LEASE_S)
    assert watch(workshop, monitor) == [job_id]
    with workshop.database.begin(workshop.context(job, JobFence(job.id, job.lease_token))) as work:
        work.commit()
    assert workshop.record(job_id).stuck_since is None


def test_a_job_that_was_flagged_is_unflagged_by_its_claim_and_by_its_end(
    workshop: Workshop, monitor: MonitorAgent
) -> None:
    job_id = workshop.enqueue()
    workshop.pass_time(STUCK_S + 1)
    watch(workshop, monitor)
    job = workshop.claimed()
    assert workshop.record(job_id).stuck_since is None
    workshop.pass_time(STUCK_S + 1)
    watch(workshop, monitor)
    workshop.store.succeed(job)
    record = workshop.record(job_id)
    assert (record.state, record.stuck_since) == (JobState.SUCCEEDED, None)
    workshop.pass_time(STUCK_S + 1)
    assert len(watch(workshop, monitor)) == 2


def test_a_job_that_waits_for_its_next_attempt_is_not_stuck(
    workshop: Workshop, monitor: MonitorAgent
) -> None:
    workshop.enqueue()
    workshop.store.requeue(workshop.claimed(), delay_s=1000.0, counted=True)
    workshop.pass_time(900)
    assert watch(workshop, monitor) == []
