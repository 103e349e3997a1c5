"""The monitor in a running application: from a figure to an alert, the API, and a receiver outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from src.core.caller import Caller
from src.core.errors import ForbiddenError
from src.core.messages.alerts import AlertState, ListAlerts, ListErrors
from src.core.messages.console import ListAgents, ReadMetrics
from src.core.messages.questions import Search
from src.database.models import MeasurementRecord
from tests.support.application import House, make_settings, running, wait_for
from tests.support.scripted_server import Reply, ScriptedServer, serving


@dataclass
class Observed:
    house: House
    server: ScriptedServer


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """An installation whose disk is too small for its limit."""
    with serving([Reply(status=204, chunked=False)]) as server:
        settings = make_settings(
            tmp_path_factory.mktemp("observed") / "data",
            alert_disk_free_bytes=2**60,
            alert_webhooks=(SecretStr(f"{server.url}/hook"),),
            alert_webhook_secret=SecretStr("s3cret"),
        )
        with running(settings) as application:
            yield Observed(House(application), server)


def test_a_figure_beyond_its_limit_reaches_the_list_and_the_receiver(observed: Observed) -> None:
    house = observed.house
    alert = wait_for(lambda: next(iter(house.ask(ListAlerts(state=AlertState.RAISED)).items), None))
    assert (alert.rule, alert.severity, alert.subject) == ("low_disk", "critical", "")
    (asked,) = wait_for(lambda: observed.server.asked)
    assert asked.body["alert"] == alert.model_dump(mode="json")
    assert asked.headers["Stoa-Signature"].startswith("t=")
    assert house.ask(ListAlerts(state=AlertState.CLEARED)).items == ()


def test_every_collector_runs_in_a_real_application_and_none_fails(observed: Observed) -> None:
    names = {"content", "drift", "health", "latency", "machine", "quality", "queues", "traffic"}

    def measured() -> dict[str, str | None] | None:
        with observed.house.application.database.read() as work:
            found = {one.collector: one.error for one in work.session.scalars(select(MeasurementRecord))}
        return found if set(found) == names else None

    assert set(wait_for(measured).values()) == {None}


def test_metrics_hold_no_user_and_a_bounded_number_of_series(observed: Observed) -> None:
    house = observed.house
    house.ask(Search(query="what a secretive user typed"))
    metrics = house.ask(ReadMetrics(), Caller.anonymous())
    families = {family.name for family in metrics.families}
    assert {sample.name for sample in metrics.samples} <= families
    values = {value for sample in metrics.samples for value in sample.labels.values()}
    assert not {value for value in values if "secretive" in value or value == "admin" or " " in value}
    agents = len(house.ask(ListAgents()).items)
    assert len(metrics.samples) < 60 + 8 * agents + 200


def test_only_administrators_see_alerts_and_errors(observed: Observed) -> None:
    reader = Caller(user_id="u", username="ada", roles=frozenset({"editor"}))
    for request in (ListAlerts(), ListErrors()):
        with pytest.raises(ForbiddenError):
            observed.house.ask(request, reader)


def test_an_application_without_a_worker_gives_out_what_another_measured(
    observed: Observed, tmp_path: Path
) -> None:
    with running(make_settings(tmp_path / "data"), worker=False) as idle:
        metrics = House(idle).ask(ReadMetrics())
    assert "stoa_disk_free_bytes" in {family.name for family in metrics.families}
    assert "stoa_disk_free_bytes" not in {sample.name for sample in metrics.samples}
