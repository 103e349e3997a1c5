"""Alerts are raised once and cleared once."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from src.agents.monitor.alarms import Alarms
from src.agents.monitor.measuring import Sample
from src.agents.monitor.rules import Rule
from src.core.errors import ConflictError
from tests.support.watching import Gauge, Lookout


def test_a_figure_beyond_its_limit_is_told_once_and_once_more_when_it_is_well(either: Lookout) -> None:
    lookout = either
    for value in (5, 11, 12, 13, 3, 2):
        lookout.round(value)
    assert lookout.told() == ["raised: It is 11.", "cleared: It is 13."]
    (alert,) = lookout.alerts()
    assert (alert.state, alert.value, alert.threshold) == ("cleared", 13.0, 10.0)
    assert alert.cleared_at is not None
    assert alert.raised_at is not None
    assert (alert.cleared_at - alert.raised_at).total_seconds() == 30


def test_a_figure_that_swings_about_its_limit_raises_one_alert(lookout: Lookout) -> None:
    for value in (11, 9, 11, 8.5, 10, 9.9, 11):
        lookout.round(value)
    assert lookout.told() == ["raised: It is 11."]
    lookout.round(7.9)
    lookout.round(9)
    assert len(lookout.told()) == 2


def test_what_lasts_shorter_than_it_must_is_never_told(lookout: Lookout) -> None:
    lookout.rules = (Rule("high", "stoa_test", 10.0, "It is {value:g}.", hold_s=25.0),)
    for value in (11, 12, 3, 11, 9, 11, 11, 11):
        lookout.round(value)
    assert lookout.told() == []
    lookout.round(14)
    assert lookout.told() == ["raised: It is 14."]
    for value in (3, 3, 9, 3, 3, 3):
        lookout.round(value)
    assert len(lookout.told()) == 1, "it must be well for as long without a break"
    lookout.round(3)
    assert len(lookout.told()) == 2


def test_each_subject_has_an_alert_of_its_own(lookout: Lookout) -> None:
    lookout.gauge.given = [Sample("stoa_test", 11.0, {"of": one}) for one in ("a", "b")]
    lookout.round()
    lookout.gauge.given = [Sample("stoa_test", 11.0, {"of": "a"}), Sample("stoa_test", 1.0, {"of": "b"})]
    lookout.round()
    assert [(one.subject, one.state) for one in lookout.alerts()] == [("a", "raised"), ("b", "cleared")]


def test_too_few_observations_raise_nothing_and_clear_what_can_no_longer_be_judged(lookout: Lookout) -> None:
    lookout.rules = (Rule("high", "stoa_test", 10.0, "It is {value:g}.", least=20),)
    lookout.round(90, count=19)
    assert lookout.told() == []
    lookout.round(90, count=20)
    lookout.round(90, count=12)
    assert lookout.told() == ["raised: It is 90."]
    lookout.round(90, count=9)
    assert len(lookout.told()) == 2


def test_what_chance_explains_raises_nothing(lookout: Lookout) -> None:
    lookout.round(90, chance=True)
    assert lookout.told() == []


def test_a_figure_may_be_too_low(lookout: Lookout) -> None:
    lookout.rules = (Rule("low", "stoa_test", 10.0, "It is {value:g}.", above=False),)
    for value in (10, 9.9, 11, 12.1):
        lookout.round(value)
    assert lookout.told() == ["raised: It is 9.9.", "cleared: It is 9.9."]


def test_a_figure_that_is_gone_clears_its_alert(lookout: Lookout) -> None:
    lookout.round(11)
    lookout.gauge.given = ()
    lookout.round()
    assert len(lookout.told()) == 2


def test_a_collector_that_fails_clears_nothing_and_is_told_of(lookout: Lookout) -> None:
    failed = Rule("collector_failed", "stoa_collector_failed", 1.0, "{of} fails.", by="collector")
    lookout.rules = (*lookout.rules, failed)
    lookout.round(11)

    def broken() -> object:
        raise OSError("the disk is gone")
        yield

    lookout.gauge.given = broken()  # type: ignore[assignment]
    lookout.round()
    assert lookout.told() == ["raised: It is 11.", "raised: gauge fails."]
    lookout.round(3)
    assert sorted(lookout.told()[2:]) == ["cleared: It is 11.", "cleared: gauge fails."]


def test_a_rule_that_was_switched_off_leaves_no_alert_open(lookout: Lookout) -> None:
    lookout.round(11)
    lookout.rules = ()
    lookout.round(11)
    assert [one.state for one in lookout.alerts()] == ["cleared"]


def test_a_collector_runs_when_it_is_due_whoever_asks(lookout: Lookout) -> None:
    slow = Gauge()
    slow.name, slow.seconds = "slow", 60.0
    for _ in range(12):
        lookout.clock.seconds += 10
        lookout.watch(slow).run(lookout.context())
    assert (lookout.gauge.runs, slow.runs) == (12, 2)


def test_a_label_that_is_no_plain_word_is_not_let_out(lookout: Lookout) -> None:
    lookout.gauge.given = [Sample("stoa_test", 1.0, {"of": "what a user typed"})]
    lookout.round()
    samples = {one.name: one for one in lookout.watch().samples(lookout.clock.now())}
    assert samples["stoa_test"].labels == {"of": "other"}


def test_a_collector_gives_a_bounded_number_of_samples_of_its_own_families(lookout: Lookout) -> None:
    lookout.gauge.given = (Sample("stoa_test", 1.0, {"of": str(n)}) for n in range(10_000))
    lookout.round()
    given = [one for one in lookout.watch().samples(lookout.clock.now()) if one.name == "stoa_test"]
    assert len(given) == 500
    lookout.gauge.given = [Sample("stoa_made_up", 1.0)]
    lookout.round()
    samples = {one.name: one for one in lookout.watch().samples(lookout.clock.now())}
    assert samples["stoa_collector_failed"].value == 1
    assert "stoa_made_up" not in samples


@pytest.mark.parametrize("hold_s", [0.0, 5.0])
def test_two_processes_that_judge_at_once_tell_one_story(either: Lookout, hold_s: float) -> None:
    either.rules = (Rule("high", "stoa_test", 10.0, "It is {value:g}.", hold_s=hold_s),)
    start = threading.Barrier(4)

    def review(value: float) -> None:
        start.wait(10)
        # Where two make the same alert the second gives up, and looks again at its next round.
        with suppress(ConflictError):
            Alarms(either.database, either.rules).review([Sample("stoa_test", value)], either.context())

    for value in (11, 11, 11, 3, 3, 3):
        either.clock.seconds += 10
        threads = [threading.Thread(target=review, args=(value,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert either.told() == ["raised: It is 11.", "cleared: It is 11."]
