"""Rating in the pages, with scripts and without."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from src.core.messages.feedback import AnswerRatings, ListFeedback, Rating
from src.core.messages.questions import GetAnswer
from tests.support.site import READER, Site, Visitor, marked, words

QUESTION = "When are returned goods refunded?"


@pytest.fixture
def visitor(site: Site) -> Visitor:
    return site.visitor()


@pytest.fixture
def address(site: Site, visitor: Visitor) -> str:
    """The address of an answer that the visitor was just given."""
    visitor.page("/")
    return str(visitor.send("/ask", {"question": QUESTION, "collection": site.collection_id}).location)


def answer_of(address: str) -> str:
    return address.rsplit("/", 1)[1]


def said(site: Site, address: str) -> list[Rating]:
    return list(site.house.ask(AnswerRatings(answer_id=answer_of(address))).items)


def pressed(tree: LexborHTMLParser | LexborNode, testid: str) -> list[str]:
    """What the buttons whose test ids begin so would send, and whether they are pressed."""
    return [
        f"{button.attributes['value']} {button.attributes['aria-pressed']}"
        for button in tree.css(f'button[data-testid^="{testid}-"]')
    ][:2]


def test_an_answer_is_rated_changed_and_taken_back_with_a_script(
    site: Site, visitor: Visitor, address: str
) -> None:
    assert pressed(visitor.page(address), "answer-thumb") == ["up false", "down false"]
    path = f"{address}/rating"
    part = visitor.read(visitor.send(path, {"verdict": "down"}, script=True))
    assert pressed(part, "answer-thumb") == ["up false", "none true"]
    assert marked(part, "rating-more")[0].attributes.get("open", "no") != "no"
    form = {
        "said": "down",
        "reason": ["outdated", "wrong_passages"],
        "stars": "2",
        "comment": "Old.",
        "correction": "Ten days.",
    }
    part = visitor.read(visitor.send(path, form, script=True))
    assert "Thank you" in words(part)
    (rating,) = said(site, address)
    assert (rating.verdict, rating.stars, rating.comment) == ("down", 2, "Old.")
    assert (set(rating.reasons), rating.correction) == ({"outdated", "wrong_passages"}, "Ten days.")
    visitor.send(path, {**form, "verdict": "up"}, script=True)
    (rating,) = said(site, address)
    assert (rating.verdict, rating.reasons, rating.correction, rating.stars) == ("up", (), None, 2)
    part = visitor.read(visitor.send(path, {"verdict": "none"}, script=True))
    assert pressed(part, "answer-thumb") == ["up false", "down false"]
    assert said(site, address) == []


def test_an_answer_that_is_opened_again_shows_what_was_said_of_it(visitor: Visitor, address: str) -> None:
    tree = visitor.page(address)
    citation = marked(tree, "citation-rating")[0]
    visitor.send(str(citation.attributes["action"]), {"verdict": "up"}, script=True)
    hits = marked(tree, "hit-rating")
    visitor.send(str(hits[1].attributes["action"]), {"verdict": "down"}, script=True)
    form = {"verdict": "down", "reason": "incomplete", "stars": "3", "comment": "Where is the ferry?"}
    visitor.send(f"{address}/rating", form, script=True)
    tree = visitor.page(address)
    assert pressed(tree, "answer-thumb") == ["up false", "none true"]
    assert pressed(marked(tree, "citation-rating")[0], "citation-thumb") == ["none true", "down false"]
    assert pressed(marked(tree, "hit-rating")[1], "hit-thumb") == ["up false", "none true"]
    assert words(marked(tree, "rating-comment")[0]) == "Where is the ferry?"
    checked = {node.attributes["value"] for node in tree.css(".rating input[checked]")}
    assert checked == {"incomplete", "3"}


def test_rating_needs_no_script(site: Site, visitor: Visitor, address: str) -> None:
    response = visitor.send(f"{address}/rating", {"verdict": "up"})
    assert response.status_code == 303
    assert str(response.location).startswith(address)
    assert "noted" in words(visitor.page(address))
    citation = marked(visitor.page(address), "citation-rating")[0]
    assert visitor.send(str(citation.attributes["action"]), {"verdict": "up"}).status_code == 303
    assert {rating.kind for rating in said(site, address)} == {"answer", "citation"}


def test_a_hit_of_a_search_is_rated(site: Site, visitor: Visitor) -> None:
    hit = marked(visitor.page("/search?q=ferry"), "hit-rating")[0]
    path = str(hit.attributes["action"])
    part = visitor.read(visitor.send(path, {"verdict": "up", "rank": "1"}, script=True))
    assert pressed(part, "hit-thumb") == ["none true", "down false"]
    query_id = path.split("/")[2]
    (rating,) = site.house.ask(ListFeedback(query_id=(query_id,))).items
    assert (rating.question, rating.place, rating.verdict) == ("ferry", 1, "up")
    assert visitor.send(path, {"verdict": "up"}).location == "/search"


def test_what_cannot_be_rated_is_refused_in_words(visitor: Visitor, address: str) -> None:
    assert visitor.send(f"{address}/rating", {"verdict": "sideways"}, script=True).status_code == 422
    refused = visitor.send(f"{address}/rating", {"verdict": "up", "stars": "9"}, script=True)
    assert "stars" in words(visitor.read(refused, status=422))
    assert visitor.send(f"{address}/citations/77/rating", {"verdict": "up"}, script=True).status_code == 404
    assert visitor.send("/search-hits/a/b/rating", {"verdict": "up"}, script=True).status_code == 404
    assert visitor.client.post(f"{address}/rating", data={"verdict": "up"}).status_code == 400


def test_an_answer_of_somebody_else_has_no_buttons(site: Site) -> None:
    reader = site.visitor(as_=READER)
    reader.page("/")
    theirs = str(reader.send("/ask", {"question": QUESTION}).location)
    tree = site.visitor().page(theirs)
    assert marked(tree, "citation")
    assert not tree.css(".thumb, [data-query]")


def test_signals_are_noted_and_a_wrong_one_is_refused(site: Site, visitor: Visitor, address: str) -> None:
    answer = site.house.ask(GetAnswer(answer_id=answer_of(address)))
    visitor.page(address)
    form = {"kind": "opened", "query_id": answer.query_id, "passage_id": answer.passages[0].passage_id}
    assert visitor.send("/signals", form, script=True).status_code == 204
    form = {"kind": "left", "query_id": answer.query_id, "answer_id": answer.answer_id}
    assert visitor.send("/signals", form, script=True).status_code == 204
    assert visitor.send("/signals", {**form, "kind": "sang"}, script=True).status_code == 422
