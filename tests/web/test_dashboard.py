"""The dashboard asks for what `/metrics` gives, and its servers find it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.site import Site
from tests.support.source import ROOT

DEPLOY = ROOT / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/dashboards/stoa.json").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.dev.yml").read_text(encoding="utf-8"))
WATCHING = (ROOT / "docs/operators/watching.md").read_text(encoding="utf-8")
_NAME = re.compile(r"\b(?:stoa|process)_[a-z_]+")
_TOLD = re.compile(r"`((?:stoa|process)_[a-z_]+)(?:\{([a-z,]+)\})?`")


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]


def labels_told() -> dict[str, set[str]]:
    """The labels of each metric as the documentation has them."""
    told: dict[str, set[str]] = defaultdict(set)
    for name, labels in _TOLD.findall(WATCHING):
        told[name] |= set(labels.split(",")) - {""}
    return told


@pytest.fixture(scope="module")
def exposition(site: Site) -> str:
    response = site.visitor(signed_in=False).get("/metrics")
    assert response.status_code == 200
    return response.text


def test_every_metric_of_the_dashboard_is_given_out(exposition: str) -> None:
    given = set(re.findall(r"^# TYPE (\S+) ", exposition, re.MULTILINE))
    asked = {name for expression in expressions() for name in _NAME.findall(expression)}
    assert len(asked) > 30
    assert asked - given == set()


def test_every_metric_that_is_given_out_is_documented_and_the_reverse(exposition: str) -> None:
    assert set(re.findall(r"^# TYPE (\S+) ", exposition, re.MULTILINE)) == set(labels_told())


def test_every_sample_has_the_labels_that_are_documented(exposition: str) -> None:
    told = labels_told()
    samples = re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", exposition, re.MULTILINE)
    assert samples
    for name, labels in samples:
        assert set(re.findall(r'(\w+)="', labels)) == told[name], name


def test_metrics_are_named_by_convention(exposition: str) -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposition, re.MULTILINE))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", exposition, re.MULTILINE))
    assert kinds.keys() == helps.keys()
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        name for name in kinds if name.endswith("_total")
    }
    assert set(kinds.values()) == {"counter", "gauge"}


def test_every_label_of_the_dashboard_is_one_of_its_metric() -> None:
    told = labels_told()
    ours = {"job", "instance"}  # what Prometheus itself adds
    for expression in expressions():
        names = _NAME.findall(expression)
        known = set().union(*(told[name] for name in names)) | ours
        grouped = {one.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for one in by.split(",")}
        matched = set(re.findall(r"[{,]\s*(\w+)\s*(?:=|!)", expression))
        assert grouped | matched <= known, expression
        assert expression.count("(") == expression.count(")"), expression


def test_panels_stand_beside_each_other_and_have_their_own_ids() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_what_the_servers_mount_exists_and_they_find_each_other() -> None:
    services = COMPOSE["services"]
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["watch"]
        for volume in services[name]["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists()
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text("utf-8"))
    (prometheus,) = source["datasources"]
    assert prometheus["url"] == "http://prometheus:9090"
    used = {
        target["datasource"]["uid"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
    }
    assert used == {prometheus["uid"]}
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/stoa.yaml").read_text("utf-8"))
    (folder,) = (one["options"]["path"] for one in provider["providers"])
    assert f"./deploy/grafana/dashboards:{folder}:ro" in services["grafana"]["volumes"]
    scrape = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text("utf-8"))
    (job,) = scrape["scrape_configs"]
    assert (job["metrics_path"], job["static_configs"]) == ("/metrics", [{"targets": ["stoa:5000"]}])
