"""Rating with the mouse, by keyboard and on a phone, and what a reader does without saying anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select

from src.core.messages.feedback import AnswerRatings, Rating
from src.database.models import SignalRecord
from tests.e2e.conftest import Person
from tests.support.chromium import NARROW, page_overflows, resize

pytestmark = pytest.mark.browser

QUESTION = "How is the basket total computed with a voucher?"


def ratings(person: Person) -> list[Rating]:
    """What the server knows of the answer that is looked at."""
    answer_id = person.browser.current_url.rsplit("/", 1)[1].partition("#")[0]
    return list(person.site.house.ask(AnswerRatings(answer_id=answer_id)).items)


def pressed(person: Person, testid: str, is_: bool = True) -> None:
    state = "true" if is_ else "false"
    look = f"[data-testid='{testid}'][aria-pressed='{state}']"
    person.wait(lambda: person.browser.find_elements(By.CSS_SELECTOR, look), f"{testid} pressed: {state}")


def test_thumbs_are_pressed_changed_and_taken_back_without_leaving_the_page(person: Person) -> None:
    person.ask(QUESTION)
    person.browser.execute_script("window.stayed = true")
    person.click("answer-thumb-up")
    pressed(person, "answer-thumb-up")
    person.click("citation-thumb-down")
    pressed(person, "citation-thumb-down")
    assert {(one.kind, one.verdict) for one in ratings(person)} == {("answer", "up"), ("citation", "down")}
    person.click("answer-thumb-down")
    pressed(person, "answer-thumb-down")
    pressed(person, "answer-thumb-up", False)
    person.click("citation-thumb-down")
    pressed(person, "citation-thumb-down", False)
    assert [(one.kind, one.verdict) for one in ratings(person)] == [("answer", "down")]
    assert person.browser.execute_script("return window.stayed")


def test_what_was_wrong_is_said_and_is_there_when_the_answer_is_opened_again(person: Person) -> None:
    person.ask(QUESTION)
    person.click("answer-thumb-down")
    person.see("rating-comment").send_keys("The voucher is missing.")
    person.click("reason-incomplete")
    person.see("rating-correction").send_keys("It is taken off last.")
    person.browser.find_element(By.CSS_SELECTOR, "[data-testid='star-2'] + span").click()
    person.click("rating-send")
    person.see("answer-rating", "Thank you")
    (rating,) = ratings(person)
    assert (rating.comment, rating.correction) == ("The voucher is missing.", "It is taken off last.")
    assert (rating.reasons, rating.stars) == (("incomplete",), 2)
    person.browser.refresh()
    pressed(person, "answer-thumb-down")
    person.click("rating-say")
    assert person.see("rating-comment").get_attribute("value") == "The voucher is missing."
    assert person.all("reason-incomplete")[0].is_selected()


def test_rating_by_keyboard_keeps_the_focus_on_the_button(person: Person) -> None:
    person.ask(QUESTION)
    for _ in range(60):
        person.focused().send_keys(Keys.SHIFT, Keys.TAB)
        if person.focused().get_attribute("data-testid") == "answer-thumb-up":
            break
    person.focused().send_keys(Keys.SPACE)
    pressed(person, "answer-thumb-up")
    person.wait(
        lambda: person.focused().get_attribute("data-testid") == "answer-thumb-up", "the focus to stay"
    )
    assert "helped" in str(person.focused().get_attribute("aria-label"))
    person.focused().send_keys(Keys.ENTER)
    pressed(person, "answer-thumb-up", False)


def test_rating_fits_a_phone_and_a_thumb(person: Person) -> None:
    resize(person.browser, NARROW)
    person.ask(QUESTION)
    person.click("answer-thumb-down")
    person.see("rating-comment")
    assert not page_overflows(person.browser)
    person.open("/search?q=parcel")
    person.click("hit-thumb-up")
    pressed(person, "hit-thumb-up")
    assert not page_overflows(person.browser)
    button = person.see("hit-thumb-up")
    assert min(button.size["width"], button.size["height"]) >= 32


@pytest.fixture
def noted(person: Person) -> Iterator[set[str]]:
    """The kinds of signals that were noted of the last answer, when the test ends."""
    kinds: set[str] = set()
    yield kinds
    with person.site.house.application.database.read() as work:
        latest = select(SignalRecord.search_id).order_by(SignalRecord.id.desc()).limit(1)
        query = select(SignalRecord.kind).where(SignalRecord.search_id.in_(latest))
        assert set(work.session.scalars(query)) == kinds


def test_an_opened_citation_and_a_copy_are_noted(person: Person, noted: set[str]) -> None:
    person.ask(QUESTION)
    person.click("copy")
    person.click("citation-link", "basket.py")
    person.see("viewer")
    noted |= {"copied", "opened"}
