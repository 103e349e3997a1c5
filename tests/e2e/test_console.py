"""The console of the agents, by hand."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from src.core.bus import Delivery
from src.core.consumer import Burial
from src.core.messages.base import Envelope
from src.core.messages.collections import DeleteCollection
from src.core.messages.console import ListEvents, LoggedEvent, SteerAgent, Steering
from src.database.ledger import SqlLedger
from src.database.uow import Database
from tests.e2e.conftest import Person
from tests.support.application import wait_for
from tests.support.site import Site

pytestmark = pytest.mark.browser


def test_an_agent_is_paused_and_resumed(person: Person) -> None:
    person.open("/agents")
    try:
        person.click("pause-monitor")
        person.see("toast", "monitor is paused")
        person.see("agent-monitor", "paused")
        person.click("resume-monitor")
        person.see("agent-monitor", "running")
    finally:
        person.site.house.ask(SteerAgent(name="monitor", steering=Steering.RESUME))


def test_new_events_appear_and_the_list_can_be_held(person: Person) -> None:
    person.open("/agents/events?topic=collection.*")
    person.see("stream-state", "Live")
    before = len(person.all("event"))
    person.site.house.collection("Seen")
    person.wait(lambda: len(person.all("event")) == before + 1, "the new event")
    person.click("hold")
    person.site.house.collection("Held")
    person.see("stream-state", "Held: 1 more")
    assert len(person.all("event")) == before + 1
    person.click("hold")
    person.wait(lambda: len(person.all("event")) == before + 2, "the event that was held")
    newest = person.all("event")[0]
    newest.find_element(By.TAG_NAME, "summary").click()
    assert "Held" in newest.find_element(By.TAG_NAME, "pre").text


def test_a_token_is_made_by_hand(person: Person) -> None:
    person.click("account")
    person.browser.find_element(By.ID, "token-name").send_keys("by hand")
    person.click("create-token")
    assert person.see("token-text").text.startswith("stoa_")


def test_a_dead_letter_tells_its_cause_and_is_replayed(person: Person) -> None:
    bury(person.site, "RuntimeError: the disk was full")
    person.open("/agents")
    letter = person.see("letter", "the disk was full")
    assert "gave up after 5 attempts" in letter.text
    letter.find_element(By.XPATH, ".//summary[contains(., 'Trace')]").click()
    assert "Traceback" in letter.text
    person.click("replay")
    person.see("toast", "again")
    person.see("no-letters")


def test_a_dead_letter_is_discarded_after_a_second_look(person: Person) -> None:
    bury(person.site, "RuntimeError: nobody wants it")
    person.open("/agents")
    person.see("letter", "nobody wants it")
    person.click("discard")
    person.click("discard-confirm")
    person.see("no-letters")


def bury(site: Site, cause: str) -> None:
    """Have the group of an agent give up an event that it really was sent."""
    collection = site.house.collection("Soon gone")
    site.house.ask(DeleteCollection(collection_id=collection))
    event = wait_for(lambda: deletion(site, collection))
    envelope = Envelope(
        id=event.id,
        topic=event.topic,
        key=event.key,
        payload=event.payload,
        at=event.at,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
    )
    application = site.house.application
    database = Database(application.settings.database, application.clock)
    try:
        trace = f"Traceback (most recent call last):\n{cause}"
        delivery = Delivery(envelope=envelope, group="indexing", attempt=5, receipt="")
        SqlLedger(database).bury(Burial(delivery, cause, trace))
    finally:
        database.close()


def deletion(site: Site, collection_id: str) -> LoggedEvent | None:
    events = site.house.ask(ListEvents(topic="collection.deleted.v1")).items
    return next((one for one in events if one.key == collection_id), None)
