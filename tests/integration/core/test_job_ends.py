"""How a job comes to its end, and how it is taken up again before, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from src.core.context import JobFence
from src.core.errors import SourceError, UnreachableError
from src.core.jobs import JobRun, JobState
from src.database.jobstore import request_cancel
from src.database.models import JobRecord
from src.database.uow import Database
from tests.support.application import wait_for
from tests.support.workshop import ATTEMPTS, LEASE_S, Chop, Workshop


def cancel(database: Database, job_id: str) -> None:
    with database.begin() as work:
        request_cancel(work, work.jobs.get(job_id))
        work.commit()


def ends(workshop: Workshop) -> list[tuple[str, str]]:
    """The job and the state of every event that tells of an end."""
    return [(e.payload["job_id"], e.payload["state"]) for e in workshop.events("job.finished.v1")]


def fail(error: Exception) -> Callable[[Chop, JobRun], None]:
    def act(spec: Chop, run: JobRun) -> None:
        raise error

    return act


def test_a_job_that_ends_well_tells_of_it_once(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    workshop.work()
    assert workshop.record(job_id).state == JobState.SUCCEEDED
    assert ends(workshop) == [(job_id, "succeeded")]


def test_the_end_of_a_job_belongs_to_what_set_the_job_off(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    workshop.work()
    (event,) = workshop.events("job.finished.v1")
    record = workshop.record(job_id)
    assert (event.correlation_id, event.causation_id) == (record.correlation_id, job_id)


def test_a_queued_job_is_cancelled_at_once_and_never_begun(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    cancel(workshop.database, job_id)
    record = workshop.record(job_id)
    assert (record.state, record.finished_at) == (JobState.CANCELLED, workshop.clock.now())
    assert not workshop.work()
    assert ends(workshop) == [(job_id, "cancelled")]


def test_a_running_job_is_cancelled_at_its_next_check(workshop: Workshop) -> None:
    """The heart beats at a quarter of the lease, and brings the wish to the thread that works."""

    def chop(spec: Chop, run: JobRun) -> None:
        cancel(workshop.database, run.job.id)
        assert workshop.record(run.job.id).state == JobState.RUNNING
        run.beat(LEASE_S)
        run.check()
        raise AssertionError("the check let a cancelled job go on")

    workshop.chop = chop
    job_id = workshop.enqueue()
    workshop.work()
    assert workshop.record(job_id).state == JobState.CANCELLED
    assert ends(workshop) == [(job_id, "cancelled")]


def test_the_wish_to_cancel_reaches_a_job_through_its_heartbeat(workshop: Workshop) -> None:
    def chop(spec: Chop, run: JobRun) -> None:
        cancel(workshop.database, run.job.id)
        wait_for(run.check)

    workshop.chop = chop
    job_id = workshop.enqueue()
    workshop.runner(lease_s=0.2).run_once([Chop.kind])
    assert workshop.record(job_id).state == JobState.CANCELLED


def test_a_job_whose_holder_died_after_the_wish_to_cancel_is_not_begun_again(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    workshop.claimed()
    cancel(workshop.database, job_id)
    workshop.pass_time(LEASE_S + 1)
    assert not workshop.work()
    assert workshop.record(job_id).state == JobState.CANCELLED


def test_a_job_that_has_ended_cannot_be_cancelled(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    workshop.work()
    cancel(workshop.database, job_id)
    assert workshop.record(job_id).state == JobState.SUCCEEDED
    assert len(ends(workshop)) == 1


def test_a_paused_job_waits_in_the_queue_and_its_attempt_does_not_count(workshop: Workshop) -> None:
    def chop(spec: Chop, run: JobRun) -> None:
        workshop.paused = True
        run.check()

    workshop.chop = chop
    job_id = workshop.enqueue()
    for _ in range(ATTEMPTS + 2):
        workshop.paused = False
        assert workshop.work()
        record = workshop.record(job_id)
        assert (record.state, record.attempts, record.lease_token) == (JobState.QUEUED, 0, None)
    assert ends(workshop) == []


def test_a_job_that_goes_on_after_a_pause_is_not_shown_as_less(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    shown = []

    def chop(spec: Chop, run: JobRun) -> None:
        for done in (0, 50) if not shown else (0, 20, 60):
            workshop.pass_time(1)
            run.progress(stage="chopping", done=done, total=100)
            shown.append(workshop.record(job_id).done)
        workshop.paused = not workshop.paused
        run.check()

    workshop.chop = chop
    assert workshop.work()
    workshop.paused = False
    assert workshop.work()
    assert shown == [0, 50, 50, 50, 60]


def test_a_job_whose_workers_die_without_getting_further_is_given_up(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    for _ in range(ATTEMPTS):
        workshop.claimed()
        workshop.pass_time(LEASE_S + 1)
    workshop.chop = fail(AssertionError("begun once too often"))
    assert workshop.work()
    record = workshop.record(job_id)
    assert (record.state, record.error_code) == (JobState.FAILED, "gave_up")
    assert f"begun {ATTEMPTS} times" in (record.error_detail or "")
    assert ends(workshop) == [(job_id, "failed")]


def die_after(workshop: Workshop, done: int) -> JobRecord:
    """A worker claims the job, gets as far as ``done`` and dies."""
    job = workshop.claimed()
    run = JobRun(job, workshop.context(job, JobFence(job.id, job.lease_token)), workshop.store, bool)
    run.progress(stage="chopping", done=done, total=100)
    workshop.pass_time(LEASE_S + 1)
    return workshop.record(job.id)


def test_progress_gives_a_job_new_attempts(workshop: Workshop) -> None:
    workshop.enqueue()
    for done in range(1, 3 * ATTEMPTS):
        assert die_after(workshop, done).attempts == 1


def test_a_job_that_begins_anew_and_dies_at_the_same_place_is_given_up(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    for attempt in range(1, ATTEMPTS + 1):
        job = workshop.claimed()
        run = JobRun(job, workshop.context(job, JobFence(job.id, job.lease_token)), workshop.store, bool)
        for done in (0, 5, 10):
            workshop.pass_time(1)
            run.progress(stage="chopping", done=done, total=100)
        assert workshop.record(job_id).attempts == attempt
        workshop.pass_time(LEASE_S + 1)
    workshop.work()
    assert workshop.record(job_id).error_code == "gave_up"


def test_a_report_of_what_was_done_before_is_no_progress(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    attempts = [die_after(workshop, 5).attempts for _ in range(ATTEMPTS)]
    assert attempts == [1, 2, 3]
    workshop.work()
    assert workshop.record(job_id).error_code == "gave_up"


def stages(workshop: Workshop, *reports: tuple[str, int]) -> JobRecord:
    """An attempt that reports these stages and dies."""
    job = workshop.claimed()
    run = JobRun(job, workshop.context(job, JobFence(job.id, job.lease_token)), workshop.store, bool)
    for stage, done in reports:
        workshop.pass_time(1)
        run.progress(stage=stage, done=done, total=100)
    workshop.pass_time(LEASE_S + 1)
    return workshop.record(job.id)


def test_going_over_earlier_stages_again_is_no_progress_and_not_shown_as_less(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    for attempt in range(1, ATTEMPTS + 1):
        record = stages(workshop, ("felling", 50), ("felling", 90), ("chopping", 5))
        assert (record.attempts, record.stage, record.done) == (attempt, "chopping", 5)
    workshop.work()
    assert workshop.record(job_id).error_code == "gave_up"


def test_stages_in_turns_are_progress_only_beyond_the_furthest(workshop: Workshop) -> None:
    workshop.enqueue()
    stages(workshop, ("felling", 10), ("chopping", 10), ("felling", 20), ("chopping", 20))
    again = stages(workshop, ("felling", 10), ("chopping", 10), ("felling", 20), ("chopping", 15))
    assert (again.attempts, again.stage, again.done) == (2, "chopping", 20)
    assert stages(workshop, ("felling", 10), ("chopping", 21)).attempts == 1


def test_a_stage_that_follows_the_last_one_is_progress(workshop: Workshop) -> None:
    workshop.enqueue()
    stages(workshop, ("felling", 100))
    record = stages(workshop, ("felling", 100), ("chopping", 1))
    assert (record.attempts, record.stage, record.done) == (1, "chopping", 1)


def test_a_failure_with_a_code_ends_the_job_with_that_code(workshop: Workshop) -> None:
    workshop.chop = fail(SourceError("forest_closed", "The forest is\x00 closed."))
    job_id = workshop.enqueue()
    workshop.work()
    record = workshop.record(job_id)
    assert (record.state, record.error_code) == (JobState.FAILED, "forest_closed")
    assert record.error_detail == "The forest is� closed."
    assert ends(workshop) == [(job_id, "failed")]


def test_an_unexpected_error_is_tried_again_later_and_then_ends_the_job(workshop: Workshop) -> None:
    workshop.chop = fail(ZeroDivisionError("no axe"))
    job_id = workshop.enqueue()
    for attempt in range(1, ATTEMPTS):
        assert workshop.work()
        assert workshop.record(job_id).state == JobState.QUEUED
        assert not workshop.work()
        workshop.pass_time(2.0**attempt)
    assert workshop.work()
    record = workshop.record(job_id)
    assert (record.state, record.error_code) == (JobState.FAILED, "internal")
    assert (record.error_detail or "").startswith("ZeroDivisionError: no axe")
    assert ends(workshop) == [(job_id, "failed")]


def test_a_service_that_is_away_is_waited_for_and_named_in_the_end(workshop: Workshop) -> None:
    workshop.chop = fail(UnreachableError("The forest does not answer."))
    job_id = workshop.enqueue()
    for attempt in range(1, ATTEMPTS):
        assert workshop.work()
        record = workshop.record(job_id)
        assert record.state == JobState.QUEUED
        assert (record.error_code, record.error_detail) == ("unavailable", "The forest does not answer.")
        workshop.pass_time(2.0**attempt)
    assert workshop.work()
    record = workshop.record(job_id)
    assert (record.state, record.error_code) == (JobState.FAILED, "unavailable")
    assert record.error_detail == "The forest does not answer."


def test_what_a_job_waited_for_is_forgotten_when_it_goes_on(workshop: Workshop) -> None:
    workshop.chop = fail(UnreachableError("The forest does not answer."))
    job_id = workshop.enqueue()
    workshop.work()
    workshop.pass_time(2.0)
    told: list[str | None] = []
    workshop.chop = lambda spec, run: told.append(workshop.record(job_id).error_detail)
    workshop.work()
    record = workshop.record(job_id)
    assert (told, record.state, record.error_detail) == ([None], JobState.SUCCEEDED, None)


def test_an_unexpected_error_after_progress_is_tried_again(workshop: Workshop) -> None:
    """The first attempts get nowhere; the last one gets further, and so it is not the last."""
    workshop.chop = fail(ZeroDivisionError("no axe"))
    job_id = workshop.enqueue()
    for _ in range(ATTEMPTS - 1):
        workshop.work()
        workshop.pass_time(60.0)

    def get_further(spec: Chop, run: JobRun) -> None:
        run.progress(stage="chopping", done=1, total=2)
        raise ZeroDivisionError("the axe broke")

    workshop.chop = get_further
    workshop.work()
    assert workshop.record(job_id).state == JobState.QUEUED


def test_a_job_that_this_version_cannot_read_fails_at_its_first_attempt(workshop: Workshop) -> None:
    job_id = workshop.enqueue()
    with workshop.database.begin() as work:
        work.jobs.get(job_id).payload = {"pile": 7}
        work.commit()
    assert workshop.work()
    record = workshop.record(job_id)
    assert (record.state, record.error_code, record.attempts) == (JobState.FAILED, "unreadable_job", 1)
    assert ends(workshop) == [(job_id, "failed")]
