"""Asking: with the mouse, with the keyboard alone, on a phone."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.e2e.conftest import Person
from tests.support.chromium import NARROW, page_overflows, resize

pytestmark = pytest.mark.browser

QUESTION = "How is the basket total computed with a voucher?"


def test_an_answer_streams_in_and_its_citation_opens_the_marked_lines(person: Person) -> None:
    turn = person.ask(QUESTION)
    assert person.browser.current_url.startswith(person.site.url + "/answers/")
    assert turn.find_element(By.CSS_SELECTOR, "[data-testid='answer-text']").text
    person.click("citation-link", "basket.py")
    marked = person.wait(
        lambda: person.browser.find_elements(By.CSS_SELECTOR, ".line.marked"), "marked lines"
    )
    assert any("basket_total" in line.text for line in marked)
    assert in_view(person, "marked")
    person.click("back-to-answer")
    person.see("turn-question", QUESTION)


def test_what_streamed_in_is_what_the_stored_answer_shows(person: Person) -> None:
    person.ask("How long does a parcel to an island take?")
    text = person.see("answer-text").text
    cards = person.texts("citation")
    person.browser.refresh()
    assert person.see("answer-text").text == text
    assert person.texts("citation") == cards
    assert len(person.all("turn")) == 1


def test_a_marker_lights_its_citation_and_leads_to_it(person: Person) -> None:
    person.ask(QUESTION)
    marker = person.all("marker")[0]
    number = marker.get_attribute("data-marker")
    marker.click()
    card = person.focused().find_element(By.XPATH, "./ancestor::li")
    assert card.get_attribute("data-marker") == number
    assert "lit" in str(card.get_attribute("class"))


def test_a_follow_up_goes_below_and_the_history_knows_the_conversation(person: Person) -> None:
    person.ask("When are returned goods refunded?")
    person.ask("And how long do parcels take?")
    questions = person.texts("turn-question")
    assert questions == ["When are returned goods refunded?", "And how long do parcels take?"]
    person.see("history", "When are returned goods refunded?")
    person.click("new-conversation")
    person.gone("turn")


def test_asking_by_keyboard_alone(person: Person) -> None:
    person.open("/")
    keys = person.browser.switch_to.active_element
    assert keys.get_attribute("id") == "question", "the box has the focus from the start"
    person.browser.execute_script("document.activeElement.blur()")
    person.browser.find_element(By.TAG_NAME, "body").send_keys("/")
    assert person.focused().get_attribute("id") == "question"
    box = person.focused()
    box.send_keys("What does the voucher", Keys.SHIFT, Keys.ENTER, Keys.SHIFT, "do?")
    assert box.get_attribute("value") == "What does the voucher\ndo?"
    box.send_keys(Keys.ENTER)
    person.see("permalink")
    assert "Answer complete" in person.texts("ask-status")[0]
    for _ in range(60):
        person.focused().send_keys(Keys.SHIFT, Keys.TAB)
        if person.focused().get_attribute("data-testid") == "citation-link":
            break
    person.focused().send_keys(Keys.ENTER)
    person.see("viewer")


def test_a_refused_question_is_told_at_the_box_and_kept(person: Person) -> None:
    person.browser.execute_script(
        "document.querySelector('#composer').insertAdjacentHTML('beforeend',"
        " '<input type=hidden name=collection value=nowhere>')"
    )
    person.see("question").send_keys("Is this kept?", Keys.ENTER)
    assert "nowhere" in person.see("problem").text
    assert person.see("question").get_attribute("value") == "Is this kept?"


def test_a_question_that_meets_an_ended_session_is_there_after_signing_in(person: Person) -> None:
    person.browser.delete_all_cookies()
    person.see("question").send_keys("Is this kept, too?", Keys.ENTER)
    person.see("sign-in")
    person.sign_in()
    assert person.see("question").get_attribute("value") == "Is this kept, too?"
    person.open("/")
    assert person.see("question").get_attribute("value") == ""


def test_the_chosen_collections_are_remembered(person: Person) -> None:
    person.click("collection-picker")
    box = person.browser.find_element(By.CSS_SELECTOR, f"input[value='{person.site.collection_id}']")
    box.click()
    assert person.browser.find_element(By.ID, "picked").text == "Shop"
    person.ask("How long do parcels take?")
    person.browser.refresh()
    person.see("turn")
    assert person.browser.find_element(By.ID, "picked").text == "Shop"


PATHS = "/ /search?q=parcel /collections /collections/{} /agents /agents/events /account"


def test_no_page_must_be_scrolled_sideways_on_a_phone(person: Person) -> None:
    wide = []
    for width in (360, NARROW[0]):
        resize(person.browser, (width, NARROW[1]))
        for path in PATHS.split():
            person.open(path.format(person.site.collection_id))
            if page_overflows(person.browser):
                wide.append((path, width))
    assert wide == []


def test_an_answer_and_its_document_fit_a_phone(person: Person) -> None:
    resize(person.browser, (360, 740))
    person.ask(QUESTION)
    assert not page_overflows(person.browser)
    person.click("citation-link", "basket.py")
    person.see("viewer")
    assert not page_overflows(person.browser)
    assert in_view(person, "marked")


def test_the_page_works_without_scripts(person: Person) -> None:
    person.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        person.open("/")
        person.see("question").send_keys(QUESTION)
        person.see("send").click()
        assert person.see("turn-question").text == QUESTION
        assert person.all("citation")
    finally:
        person.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def in_view(person: Person, id_: str) -> bool:
    place = "const b = document.getElementById(arguments[0]).getBoundingClientRect();"
    return bool(person.browser.execute_script(place + "return b.top >= 0 && b.bottom <= innerHeight", id_))
