"""The console of the agents."""

from __future__ import annotations

import json

import pytest

from src.core.messages.console import ListAgents, SteerAgent, Steering
from tests.support.site import READER, Site, marked, words


def test_every_agent_has_a_card(site: Site) -> None:
    tree = site.visitor().page("/agents")
    for agent in site.house.ask(ListAgents()).items:
        card = marked(tree, f"agent-{agent.name}")[0]
        assert card.attributes["data-state"] == "running"
        assert agent.summary in words(card)


def test_an_agent_is_paused_and_resumed(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/agents")
    try:
        sent = visitor.send("/agents/monitor/steer", {"steering": "pause"}, script=True)
        assert sent.status_code == 204
        assert json.loads(sent.headers["HX-Trigger"])["toast"]["text"] == "monitor is paused."
        card = marked(visitor.page("/agents/cards"), "agent-monitor")[0]
        assert card.attributes["data-state"] == "paused"
        assert marked(card, "resume-monitor")
    finally:
        site.house.ask(SteerAgent(name="monitor", steering=Steering.RESUME))


def test_a_word_that_is_no_order_is_refused(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/agents")
    assert visitor.send("/agents/monitor/steer", {"steering": "explode"}, script=True).status_code == 422
    assert visitor.send("/agents/nobody/steer", {"steering": "pause"}, script=True).status_code == 404


def test_events_are_listed_newest_first_with_their_payload(site: Site) -> None:
    tree = site.visitor().page("/agents/events?topic=document.indexed.v1")
    events = marked(tree, "event")
    assert events
    assert {one.attributes["data-topic"] for one in events} == {"document.indexed.v1"}
    assert site.collection_id in words(events[-1])
    positions = [int(words(one).split("No. ")[1].split()[0]) for one in events]
    assert positions == sorted(positions, reverse=True)


def test_events_before_the_newest_hundred_are_a_page_away(site: Site) -> None:
    for _ in range(101):
        site.house.ask(SteerAgent(name="notifier", steering=Steering.RESUME))
    visitor = site.visitor()
    newest = visitor.page("/agents/events?topic=agent.steered.v1")
    assert len(marked(newest, "event")) == 100
    (older,) = marked(newest, "older-events")
    before = visitor.page(str(older.attributes["href"]))
    assert marked(before, "event")
    assert {words(one) for one in marked(before, "event")}.isdisjoint(map(words, marked(newest, "event")))
    assert "data-stream" not in marked(before, "events")[0].attributes
    assert marked(visitor.page("/agents/events?topic=collection.created.v1"), "event")


def test_the_event_stream_sends_rows_from_where_the_reader_was(site: Site) -> None:
    visitor = site.visitor()
    response = visitor.client.get("/agents/events/stream?after=0", buffered=False)
    received = b""
    for part in response.response:
        received += part if isinstance(part, bytes) else part.encode()
        if b"event: logged" in received and received.endswith(b"\n\n"):
            break
    response.close()
    assert b"id: 1\n" in received
    assert b'data-testid="event"' in received


def test_activities_and_capabilities_are_shown(site: Site) -> None:
    visitor = site.visitor()
    site.house.collection("Remembered")
    assert "collection.create" in words(
        marked(visitor.page("/agents/activities?agent=catalogue"), "activities")[0]
    )
    capabilities = words(marked(visitor.page("/agents/capabilities"), "capabilities")[0])
    assert "question.answer" in capabilities
    assert "`" not in capabilities.split("Fields")[0]


@pytest.mark.parametrize("path", ["events", "events/stream", "activities", "dead-letters", "alerts"])
def test_what_is_for_administrators_is_closed_to_others(site: Site, path: str) -> None:
    assert site.visitor(as_=READER).get(f"/agents/{path}").status_code == 403


def test_a_reader_sees_the_agents_but_may_not_steer_them(site: Site) -> None:
    visitor = site.visitor(as_=READER)
    tree = visitor.page("/agents")
    assert marked(tree, "agent-ingestion")
    assert not marked(tree, "pause-ingestion")
    assert not marked(tree, "no-letters")
    assert visitor.send("/agents/ingestion/steer", {"steering": "pause"}, script=True).status_code == 403
