"""Alerts, figures and what fails, as the console shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from src.core.clock import new_id
from src.core.messages.alerts import ErrorPattern, HourCount
from src.core.messages.console import Metric
from src.database.models import AlertRecord, ErrorHourRecord, ErrorPatternRecord
from src.web.pages.agents.figures import Board, bars
from tests.support.application import wait_for
from tests.support.site import READER, Site, marked, words


@pytest.fixture(scope="module")
def known(site: Site) -> Site:
    """A site with an alert that is over and a pattern of errors with hostile text in it."""
    database = site.house.application.database
    now = database.clock.now()
    with database.begin() as work:
        # One that is over: what is raised and within its limit the site's own monitor would clear.
        work.session.add(
            AlertRecord(
                id=new_id(),
                rule="planted",
                subject="",
                severity="critical",
                state="cleared",
                value=1.0,
                threshold=2.0,
                detail="It <b>is low</b>.",
                since=now,
                raised_at=now,
                cleared_at=now,
            )
        )
        pattern = ErrorPatternRecord(
            id="p" * 32,
            origin="job",
            place="ingest",
            code="internal",
            message="KeyError: <text>",
            count=5,
            first_at=now - timedelta(hours=3),
            last_at=now,
            example={"correlation_id": "c1", "message": "<script>alert(1)</script>"},
        )
        work.session.add(pattern)
        work.session.flush()
        hour = now.replace(minute=0, second=0, microsecond=0)
        work.session.add(ErrorHourRecord(pattern_id=pattern.id, hour=hour, count=4))
        work.session.add(ErrorHourRecord(pattern_id=pattern.id, hour=hour - timedelta(hours=3), count=1))
        work.commit()
    return site


def test_alerts_are_shown_with_their_words_as_text(known: Site) -> None:
    tree = known.visitor().page("/agents/alerts")
    shown = [one for one in marked(tree, "alert") if one.attributes["data-rule"] == "planted"]
    assert len(shown) == 1
    assert "It <b>is low</b>." in words(shown[0])


def test_a_pattern_has_its_counts_its_hours_and_its_newest_example(known: Site) -> None:
    tree = known.visitor().page("/agents/alerts/now")
    (pattern,) = (one for one in marked(tree, "pattern") if "KeyError" in words(one))
    assert "5 times" in words(pattern)
    assert "KeyError: <text>" in words(pattern)
    assert [int(str(bar.attributes["height"])) for bar in pattern.css("rect")] in ([3, 12], [12, 3])
    assert not pattern.css("script")
    assert "/agents/activities?correlation=c1" in str(pattern.html)


def test_figures_are_those_of_the_metrics(known: Site) -> None:
    def figures() -> str | None:
        text = words(marked(known.visitor().page("/agents/alerts"), "figures")[0])
        return text if "Free on disk not yet" not in text else None

    text = wait_for(figures)
    assert "Readers, the last day" in text
    assert "GB" in text


def test_nothing_of_it_is_for_readers(known: Site) -> None:
    visitor = known.visitor(as_=READER)
    assert visitor.get("/agents/alerts/now").status_code == 403
    assert "Alerts" not in words(visitor.page("/agents").css_first("nav.tabs"))


def test_stages_stand_in_order_with_what_is_known_of_them() -> None:
    board = Board(
        [
            Metric(name="stoa_search_seconds", labels={"stage": stage, "quantile": q}, value=value)
            for stage, q, value in (("total", "0.5", 0.2), ("dense", "0.5", 0.004), ("dense", "0.95", 1.5))
        ]
    )
    assert [(one.name, one.times) for one in board.stages("stoa_search_seconds")] == [
        ("dense", ("4.0 ms", "1.5 s", "")),
        ("total", ("200 ms", "", "")),
    ]


def test_leases_that_ran_out_are_told_by_how_long_ago() -> None:
    board = Board(
        [
            Metric(name="stoa_job_lease_overdue_seconds", labels={}, value=0.0),
            Metric(name="stoa_chore_lease_age_seconds", labels={"chore": "monitor.tidy"}, value=90.0),
            Metric(name="stoa_chore_lease_age_seconds", labels={"chore": "monitor.measure"}, value=0.4),
        ]
    )
    machinery = {figure.label: figure.text for figure in board.groups()["Machinery"]}
    assert machinery["Job that nobody holds"] == "none"
    assert machinery["Work that nobody holds"] == "for 1 min 30 s"


def test_bars_are_of_the_last_two_days() -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
    hour = now.replace(minute=0)
    pattern = ErrorPattern(
        id="p",
        origin="job",
        place="ingest",
        code="internal",
        message="",
        count=31,
        first_at=now,
        last_at=now,
        example={},
        hours=tuple(
            HourCount(hour=hour - timedelta(hours=ago), count=count)
            for ago, count in ((90, 20), (47, 10), (0, 1))
        ),
    )
    assert bars(pattern, now) == [(0, 6, 10), (47, 1, 1)]
