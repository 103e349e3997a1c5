"""Liveness, readiness and metrics, for whoever watches over the server."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, g

from src.core.caller import Caller
from src.core.messages.console import (
    CheckHealth,
    Health,
    Metric,
    MetricFamily,
    PartHealth,
    ReadMetrics,
)
from src.core.shortage import shortage
from src.web import state

log = logging.getLogger(__name__)

METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def make_health() -> Blueprint:
    """The three paths outside the API's prefix."""
    blueprint = Blueprint("health", __name__)
    blueprint.before_request(_as_anonymous)
    blueprint.get("/healthz")(alive)
    blueprint.get("/readyz")(ready)
    blueprint.get("/metrics")(metrics)
    return blueprint


def _as_anonymous() -> None:
    g.caller = Caller.anonymous()


def alive() -> Response:
    """The process answers; nothing else is looked at."""
    return Response('{"status":"ok"}', content_type="application/json")


def ready() -> Response:
    """200 where every part is ready, else 503; with each part's state."""
    try:
        health = state.ask(CheckHealth())
    except Exception as error:
        log.exception("the health check itself failed")
        told = shortage(error)
        detail = told.detail if told else "The health check failed; the log tells why."
        part = PartHealth(name="disk" if told else "stoa", ready=False, detail=detail)
        health = Health(ready=False, parts=(part,))
    return Response(
        health.model_dump_json(), status=200 if health.ready else 503, content_type="application/json"
    )


def metrics() -> Response:
    """All counts and gauges in the Prometheus text format."""
    streams = MetricFamily(
        name="stoa_open_streams", kind="gauge", help="Streams of server-sent events that are open."
    )
    told = state.ask(ReadMetrics())
    samples = (*told.samples, Metric(name=streams.name, labels={}, value=state.streams().open))
    return Response("".join(exposition((*told.families, streams), samples)), content_type=METRICS_MEDIA_TYPE)


def exposition(families: Sequence[MetricFamily], samples: Sequence[Metric]) -> Iterator[str]:
    """The samples as lines of the Prometheus text exposition format, version 0.0.4. A family without
    samples is told, too, so that one can see what there may be."""
    by_name: dict[str, list[Metric]] = defaultdict(list)
    for sample in samples:
        by_name[sample.name].append(sample)
    for family in sorted(families, key=lambda one: one.name):
        name = family.name
        yield f"# HELP {name} {_escaped(family.help)}\n# TYPE {name} {family.kind}\n"
        for sample in by_name[name]:
            labels = ",".join(f'{key}="{_quoted(value)}"' for key, value in sample.labels.items())
            yield f"{name}{{{labels}}} {sample.value:.17g}\n" if labels else f"{name} {sample.value:.17g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
