"""Liveness, readiness and metrics."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from src.core.messages.console import Metric, MetricFamily
from src.web.api.health import exposition
from tests.web.api.scripted import ScriptedApplication


def test_liveness_looks_at_nothing_but_the_process(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_a_health_check_that_fails_means_not_ready(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/readyz")  # the scripted application has no health check
    assert response.status_code == 503
    assert response.json["ready"] is False
    assert response.json["parts"][0]["name"] == "stoa"


def test_metrics_are_prometheus_text(client: FlaskClient, scripted: ScriptedApplication) -> None:
    scripted.families = (
        MetricFamily(name="stoa_b", kind="gauge", help="Two\nlines."),
        MetricFamily(name="stoa_a_total", kind="counter", help="Counts."),
        MetricFamily(name="stoa_c", kind="gauge", help="Nothing yet."),
    )
    scripted.samples = (
        Metric(name="stoa_a_total", labels={"agent": 'q"\\\n'}, value=3),
        Metric(name="stoa_b", labels={}, value=0.5),
        Metric(name="stoa_a_total", labels={"agent": "b"}, value=1e9),
    )
    response = client.get("/metrics")
    assert response.content_type.startswith("text/plain; version=0.0.4")
    assert response.text == (
        "# HELP stoa_a_total Counts.\n# TYPE stoa_a_total counter\n"
        'stoa_a_total{agent="q\\"\\\\\\n"} 3\nstoa_a_total{agent="b"} 1000000000\n'
        "# HELP stoa_b Two\\nlines.\n# TYPE stoa_b gauge\nstoa_b 0.5\n"
        "# HELP stoa_c Nothing yet.\n# TYPE stoa_c gauge\n"
        "# HELP stoa_open_streams Streams of server-sent events that are open.\n"
        "# TYPE stoa_open_streams gauge\nstoa_open_streams 0\n"
    )


def test_the_metrics_are_given_as_json_too(client: FlaskClient, scripted: ScriptedApplication) -> None:
    scripted.families = (MetricFamily(name="stoa_b", kind="gauge", help="Two."),)
    scripted.samples = (Metric(name="stoa_b", labels={"agent": "a"}, value=0.5),)
    assert client.get("/api/v1/metrics").json == {
        "families": [{"name": "stoa_b", "kind": "gauge", "help": "Two."}],
        "samples": [{"name": "stoa_b", "labels": {"agent": "a"}, "value": 0.5}],
    }


def test_an_established_reader_understands_the_metrics() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    samples = tuple(
        Metric(name="stoa_x", labels={"who": who}, value=value)
        for who, value in (("é", 1.5), ('"', -2.0), ("", 1e300))
    )
    family = MetricFamily(name="stoa_x", kind="gauge", help="X.")
    (read,) = parser.text_string_to_metric_families("".join(exposition((family,), samples)))
    assert [(s.labels["who"], s.value) for s in read.samples] == [("é", 1.5), ('"', -2.0), ("", 1e300)]
