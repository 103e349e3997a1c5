"""The page about events lists every topic with the fields of its payload."""

from __future__ import annotations

import re

from src.core.messages import catalogue
from tests.support.source import ROOT

_TOPIC = re.compile(r"`([a-z-]+\.[a-z-]+\.v\d+)`")
_FIELD = re.compile(r"`([a-z_]+)`")


def told() -> dict[str, set[str]]:
    """The fields of each topic; a row may begin with those of another topic."""
    fields: dict[str, set[str]] = {}
    for line in (ROOT / "docs" / "events.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and _TOPIC.search(cells[0]):
            named = set(_FIELD.findall(cells[2]))
            named.update(*(fields[topic] for topic in _TOPIC.findall(cells[2])))
            fields |= dict.fromkeys(_TOPIC.findall(cells[0]), named)
    return fields


def test_the_page_lists_every_event_with_what_it_carries() -> None:
    assert told() == {event.topic: set(event.model_fields) for event in catalogue.events()}
