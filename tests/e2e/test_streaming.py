"""Answers of a language model while they are written, cut off, stopped, or hostile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.e2e.conftest import Person
from tests.support import anthropic_server as wire
from tests.support import scripted_server
from tests.support.scripted_server import Asked, Cut, Pause, Reply
from tests.support.site import Site, serving

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='taken'\"> [go](javascript:alert(1)) ![p](https://evil.example/p.png)"


def speak(asked: Asked) -> Reply:
    """What the model says, by a word in the question."""
    quotes = [text[:60] for text in wire.search_results(asked)]
    question = str(asked.body["messages"][-1])
    first = wire.block(0, "The total adds up ", "the prices of all items.", cites=[(0, quotes[0])])
    last = wire.block(1, " A voucher is taken off at the end.", cites=[(1, quotes[1])])
    more = wire.block(2, " It never makes the total negative.", cites=[(0, quotes[0])])
    if "slowly" in question:
        return Reply.events(wire.message_start(), *first, *last, Pause(4), *more, *wire.ending())
    if "cut" in question:
        return Reply.events(wire.message_start(), *wire.block(0, "The total adds"), Cut())
    if "hostile" in question:
        return wire.blocks_answer(wire.block(0, f"Look: {HOSTILE} ", cites=[(0, quotes[0])]))
    return wire.blocks_answer(first, last)


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose answers come from a language model, over the wire protocol."""
    with scripted_server.serving(speak) as model:
        values = {
            "llm": "anthropic",
            "llm_citations": "native",
            "anthropic_base_url": model.url,
            "anthropic_api_key": SecretStr("k"),
        }
        with serving(tmp_path_factory.mktemp("talking"), **values) as made:
            yield made


@pytest.fixture
def listener(browser: webdriver.Chrome, talking: Site) -> Person:
    someone = Person(browser, talking)
    someone.enter()
    return someone


def test_a_model_s_answer_is_shown_with_its_citations(listener: Person) -> None:
    turn = listener.ask("How is the basket total computed?")
    assert "A voucher is taken off at the end" in turn.text
    numbers = [marker.get_attribute("data-marker") for marker in listener.all("marker")]
    assert numbers == [card.get_attribute("data-marker") for card in listener.all("citation")]
    assert "claude" in listener.see("answer-facts").text


def test_words_are_shown_as_they_come_and_escape_stops_them(listener: Person) -> None:
    question = "How is the basket total computed, slowly?"
    listener.see("question").send_keys(question, Keys.ENTER)
    listener.see("answer-text", "The total adds up")
    assert listener.find("stop"), "the answer is still being written"
    listener.focused().send_keys(Keys.ESCAPE)
    listener.see("halted", "You stopped here")
    listener.see("answer-text", "The total adds up")
    listener.see("send")
    assert listener.focused().get_attribute("id") == "question"

    def kept() -> bool:
        listener.open("/")
        return listener.find("history", question) is not None

    listener.wait(kept, "the answer to be kept in the history")
    listener.browser.find_element("link text", question).click()
    listener.see("answer-notice", "stopped before its end")
    assert "The total adds up" in listener.see("answer-text").text
    assert "negative" not in listener.see("answer-text").text


def test_the_second_click_of_a_double_click_does_not_stop_the_answer(listener: Person) -> None:
    listener.ask("How is the basket total computed?")
    listener.see("question").send_keys("And slowly?")
    listener.browser.execute_script("document.getElementById('send').scrollIntoView({block: 'end'})")
    ActionChains(listener.browser).double_click(listener.see("send")).perform()
    listener.wait(lambda: len(listener.all("permalink")) > 1, "the whole answer")
    assert not listener.all("halted")


def test_a_model_that_breaks_off_leaves_extracts_and_says_so(listener: Person) -> None:
    listener.ask("How is the basket total computed, then cut?")
    assert listener.see("answer-notice").text
    assert listener.all("citation")


def test_a_hostile_answer_does_nothing(listener: Person) -> None:
    turn = listener.ask("Is the basket total hostile?")
    assert "taken" not in listener.browser.title
    assert not turn.find_elements("css selector", ".prose img, .prose [onerror]")
    hrefs = [str(link.get_attribute("href")) for link in turn.find_elements("css selector", ".prose a")]
    assert not any(href.startswith("javascript") for href in hrefs)
