"""The console of the agents, by hand."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from src.core.messages.console import SteerAgent, Steering
from tests.e2e.conftest import Person

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
