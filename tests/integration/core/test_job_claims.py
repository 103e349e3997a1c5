"""Who gets which job, and what becomes of one whose holder is gone, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from src.core.context import JobFence
from src.core.jobs import JobState, LeaseLostError, Progress
from src.database.jobstore import request_cancel
from src.database.models import JobRecord
from tests.support.workshop import LEASE_S, Workshop


def test_jobs_are_claimed_in_the_order_in_which_they_came_due(workshop: Workshop) -> None:
    first, second = workshop.enqueue(), workshop.enqueue()
    delayed = workshop.claimed()
    assert delayed.id == first
    workshop.store.requeue(delayed, delay_s=60.0, counted=True)
    workshop.pass_time(1)
    third = workshop.enqueue()
    assert [workshop.claimed().id, workshop.claimed().id] == [second, third]
    assert workshop.claim() is None
    workshop.pass_time(61)
    assert workshop.store.claim(["other"], lease_s=LEASE_S) is None
    assert workshop.claimed().attempt == 2


def test_no_job_is_ever_claimed_by_two(workshop: Workshop) -> None:
    wanted = [workshop.enqueue() for _ in range(40)]
    together = threading.Barrier(4)

    def claim_all(_: int) -> list[str]:
        together.wait(20)
        got: list[str] = []
        # A claimer that met only rows that others were taking looks again, as the worker does.
        while len(got) < 40:
            job = workshop.claim()
            if job is None and not queued(workshop):
                break
            if job is not None:
                got.append(job.id)
        return got

    with ThreadPoolExecutor(4) as pool:
        claimed = [job_id for got in pool.map(claim_all, range(4)) for job_id in got]
    assert sorted(claimed) == sorted(wanted)


def queued(workshop: Workshop) -> int:
    with workshop.database.read() as work:
        return work.jobs.counts().get(("chop", "queued"), 0)


def test_a_source_has_one_running_job_at_a_time(workshop: Workshop) -> None:
    first, second = workshop.enqueue(source_id="oak"), workshop.enqueue(source_id="oak")
    other = workshop.enqueue(source_id="elm")
    held = workshop.claimed()
    assert (held.id, workshop.claimed().id) == (first, other)
    assert workshop.claim() is None
    workshop.store.succeed(held)
    assert workshop.claimed().id == second


def test_a_source_has_one_running_job_however_many_claim_at_once(workshop: Workshop) -> None:
    for round_ in range(10):
        for _ in range(4):
            workshop.enqueue(source_id=f"source-{round_}")
    together = threading.Barrier(4)

    def claim_some(_: int) -> list[str]:
        got: list[str] = []
        for _attempt in range(10):
            together.wait(20)
            job = workshop.claim()
            got += [job.id] if job else []
        return got

    with ThreadPoolExecutor(4) as pool:
        claimed = [job_id for got in pool.map(claim_some, range(4)) for job_id in got]
    sources = [workshop.record(job_id).source_id for job_id in claimed]
    assert len(sources) == len(set(sources))
    assert sources


def test_a_lease_that_ran_out_is_taken_over_and_its_old_holder_can_do_nothing(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    old = workshop.claimed()
    assert workshop.claim() is None
    workshop.pass_time(LEASE_S + 1)
    new = workshop.claimed()
    assert (new.id, new.attempt) == (job_id, 2)
    assert new.lease_token != old.lease_token
    with pytest.raises(LeaseLostError):
        workshop.store.extend(old, lease_s=LEASE_S)
    with pytest.raises(LeaseLostError):
        workshop.store.report(old, Progress("chopping", 1, 2, None, None))
    with pytest.raises(LeaseLostError):
        workshop.store.requeue(old, delay_s=0.0, counted=True)
    for end in (workshop.store.succeed, workshop.store.cancelled):
        with pytest.raises(LeaseLostError):
            end(old)
    with pytest.raises(LeaseLostError):
        workshop.store.fail(old, code="x", detail="y")
    assert workshop.record(job_id).state == JobState.RUNNING
    workshop.store.succeed(new)
    assert workshop.record(job_id).state == JobState.SUCCEEDED


def test_a_process_that_is_alone_takes_over_at_once_what_its_predecessor_held(workshop: Workshop) -> None:
    job_id = workshop.enqueue(source_id="oak")
    dead = workshop.claimed()
    workshop.store.end_leases()
    taken = workshop.claimed()
    assert (taken.id, taken.attempt) == (job_id, 2)
    with pytest.raises(LeaseLostError):
        workshop.store.succeed(dead)
    workshop.store.end_leases()
    assert workshop.store.extend(taken, lease_s=LEASE_S) is False
    assert workshop.claim() is None


def test_a_lease_that_is_renewed_is_not_taken_over(workshop: Workshop) -> None:
    workshop.enqueue()
    job = workshop.claimed()
    for _ in range(3):
        workshop.pass_time(LEASE_S - 1)
        assert workshop.store.extend(job, lease_s=LEASE_S) is False
    assert workshop.claim() is None


def test_the_commit_of_a_holder_that_lost_its_job_keeps_nothing(workshop: Workshop) -> None:
    workshop.enqueue()
    old = workshop.claimed()
    ctx = workshop.context(old, JobFence(old.id, old.lease_token))
    with workshop.database.begin(ctx) as work:
        work.facts.note("logs", "1")
        work.commit()
    workshop.pass_time(LEASE_S + 1)
    new = workshop.claimed()
    with workshop.database.begin(ctx) as work:
        work.facts.note("logs", "2")
        with pytest.raises(LeaseLostError):
            work.commit()
    with workshop.database.read() as work:
        assert work.facts.value("logs") == "1"
    workshop.store.succeed(new)
    ended = workshop.context(new, JobFence(new.id, new.lease_token))
    with workshop.database.begin(ended) as work, pytest.raises(LeaseLostError):
        work.commit()


def test_a_worker_whose_job_was_taken_over_leaves_it_to_the_other(workshop: Workshop) -> None:
    job_id = workshop.enqueue()

    def lose_it(spec: object, run: object) -> None:
        workshop.pass_time(LEASE_S + 1)
        workshop.claimed()

    workshop.chop = lose_it
    assert workshop.work()
    record = workshop.record(job_id)
    assert (record.state, record.attempts) == (JobState.RUNNING, 2)
    assert workshop.events("job.finished.v1") == []


def test_what_a_job_is_begun_with_is_what_was_queued(workshop: Workshop) -> None:
    seen: list[object] = []
    workshop.chop = lambda spec, run: seen.append(spec.pile)
    job_id = workshop.enqueue(pile="ash")
    assert workshop.work()
    assert not workshop.work()
    assert seen == ["ash"]
    record: JobRecord = workshop.record(job_id)
    assert (record.state, record.error_code, record.lease_token) == (JobState.SUCCEEDED, None, None)
    assert record.started_at == record.finished_at == workshop.clock.now()


def test_a_cancelled_job_whose_holder_is_gone_ends_and_the_next_one_is_claimed(workshop: Workshop) -> None:
    lost = workshop.enqueue()
    assert workshop.claimed().id == lost
    following = workshop.enqueue()
    with workshop.database.begin() as work:
        record = work.jobs.get(lost)
        request_cancel(work, record)
        record.lease_until = work.now() - timedelta(seconds=1)
        record.available_at = work.now() - timedelta(seconds=1)
        work.commit()
    assert workshop.claimed().id == following
    with workshop.database.read() as reading:
        assert reading.jobs.get(lost).state == JobState.CANCELLED
