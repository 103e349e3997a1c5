"""Asking without scripts, and the stream that scripts use."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from src.core.messages.collections import DeleteCollection, UpdateCollection, Visibility
from src.core.messages.questions import GetAnswer
from tests.support.site import READER, Site, Visitor, marked, words

QUESTION = "How is the basket total computed with a voucher?"


@pytest.fixture(scope="module")
def asked(site: Site) -> str:
    """The address of an answer that was asked for without scripts."""
    visitor = site.visitor()
    visitor.page("/")
    response = visitor.send("/ask", {"question": QUESTION, "collection": site.collection_id})
    assert response.status_code == 303, response.text
    return str(response.location)


def stream(visitor: Visitor, **form: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a streamed answer."""
    visitor.page("/")
    response = visitor.send("/ask/stream", form, script=True)
    assert response.status_code == 200, response.text
    assert response.mimetype == "text/event-stream"
    found = []
    for part in response.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line and line[0] != ":")
        if "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_the_answer_stands_with_its_citations(site: Site, asked: str) -> None:
    tree = site.visitor().page(asked)
    assert words(marked(tree, "turn-question")[0]) == QUESTION
    assert marked(tree, "answer-text")
    cards = marked(tree, "citation")
    assert cards
    anchors = {card.attributes["id"] for card in cards}
    targets = {str(marker.attributes["href"])[1:] for marker in marked(tree, "marker")}
    assert targets
    assert targets <= anchors


def test_a_citation_opens_the_passage_with_its_lines_marked(site: Site, asked: str) -> None:
    visitor = site.visitor()
    tree = visitor.page(asked)
    link = next(one for one in marked(tree, "citation-link") if "basket" in words(one))
    href = str(link.attributes["href"])
    assert href.endswith("#marked")
    document = visitor.page(href)
    lines = document.css(".line.marked")
    assert any("basket_total" in words(line) for line in lines)
    first = document.css_first("#marked")
    assert first is not None
    assert first.attributes["data-line"] == lines[0].attributes["data-line"]
    assert words(marked(document, "back-to-answer")[0]).endswith("Back to the answer")


def test_the_passages_considered_show_their_scores(site: Site, asked: str) -> None:
    tree = site.visitor().page(asked)
    box = marked(tree, "considered")[0]
    assert "passage" in words(box.css_first("summary"))
    scores = words(marked(box, "scores")[0])
    assert "rank 1" in scores
    assert "score" in scores
    assert "meaning" in scores


def test_an_extract_is_called_one(site: Site, asked: str) -> None:
    assert marked(site.visitor().page(asked), "extract-notice")


def test_the_history_leads_back_to_the_answer(site: Site, asked: str) -> None:
    tree = site.visitor().page("/")
    links = {a.attributes["href"]: words(a) for a in marked(tree, "history")[0].css("a")}
    assert links[asked] == QUESTION


def test_a_follow_up_stands_below_the_question_before_it(site: Site, asked: str) -> None:
    visitor = site.visitor()
    tree = visitor.page(asked)
    conversation = tree.css_first("#conversation")
    assert conversation is not None
    form = {"question": "And the cheapest item?", "conversation": conversation.attributes["value"]}
    tree = visitor.page(str(visitor.send("/ask", form).location))
    questions = [words(one) for one in marked(tree, "turn-question")]
    assert questions == [QUESTION, "And the cheapest item?"]


def test_another_reader_does_not_see_the_answer(site: Site, asked: str) -> None:
    assert asked not in site.visitor(as_=READER).page("/").html
    assert site.visitor(as_=READER).get(asked).status_code == 404


def test_an_answer_stays_readable_where_an_earlier_one_of_its_conversation_is_lost(site: Site) -> None:
    cellar = site.house.collection("Cellar")
    site.house.upload(cellar, {"wine.md": "# Wine\n\nThe red wine lies on the left of the cellar.\n"})
    visitor = site.visitor(as_=READER)
    first = stream(visitor, question="Where does the red wine lie?", collection=cellar)[-1][1]
    form = {"question": QUESTION, "collection": site.collection_id, "conversation": first["conversation"]}
    second = stream(visitor, **form)[-1][1]
    assert len(marked(visitor.page(second["url"]), "turn-question")) == 2
    site.house.ask(UpdateCollection(collection_id=cellar, visibility=Visibility.PRIVATE))
    assert visitor.get(first["url"]).status_code == 404
    questions = [words(one) for one in marked(visitor.page(second["url"]), "turn-question")]
    assert questions == [QUESTION]
    site.house.ask(DeleteCollection(collection_id=cellar))


def test_an_empty_question_is_refused_beside_the_box(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/")
    tree = visitor.read(visitor.send("/ask", {"question": "   "}), status=422)
    assert "question" in words(marked(tree, "problem")[0])


def test_a_refused_question_stays_in_the_box(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/")
    form = {"question": "What is kept?", "collection": "no-such-collection"}
    tree = visitor.read(visitor.send("/ask", form), status=404)
    assert words(marked(tree, "question")[0]) == "What is kept?"


def test_the_stream_ends_with_what_the_page_of_the_answer_shows(site: Site) -> None:
    visitor = site.visitor()
    events = stream(visitor, question="How long does a parcel to an island take?")
    names = [name for name, _ in events]
    assert names[0] == "passages"
    assert names[-1] == "done"
    assert "blocks" in names
    assert "citation" in names
    done = events[-1][1]
    page = visitor.get(done["url"]).text
    assert same(done["html"]) in same(page)


def test_the_streamed_blocks_add_up_to_the_answer(site: Site) -> None:
    visitor = site.visitor()
    events = stream(visitor, question="When are returned goods refunded?")
    blocks: list[str] = []
    for name, data in events:
        if name == "blocks":
            blocks[data["first"] :] = data["html"]
    shown = "".join(f'<div class="block">{block}</div>' for block in blocks)
    assert same(shown) in same(events[-1][1]["html"])


def test_the_stream_goes_on_with_its_conversation(site: Site) -> None:
    visitor = site.visitor()
    first = stream(visitor, question="How long does a parcel take?")[-1][1]
    second = stream(visitor, question="And to islands?", conversation=first["conversation"])[-1][1]
    assert second["conversation"] == first["conversation"]
    answer_id = second["url"].rsplit("/", 1)[1]
    assert site.house.ask(GetAnswer(answer_id=answer_id)).conversation_id == first["conversation"]


def test_a_stream_that_cannot_begin_answers_with_the_problem(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/")
    response = visitor.send("/ask/stream", {"question": "x", "collection": "nowhere"}, script=True)
    assert response.status_code == 404
    assert 'data-testid="problem"' in response.text
    assert "<html" not in response.text


def test_the_stream_asks_for_a_token(site: Site) -> None:
    visitor = site.visitor()
    response = visitor.client.post("/ask/stream", data={"question": "x"}, headers={"HX-Request": "true"})
    assert response.status_code == 400
    assert "expired" in response.text


def test_nothing_is_made_up_about_an_unknown_answer(site: Site) -> None:
    assert site.visitor().get("/answers/00000000").status_code == 404


def same(html: str) -> str:
    """HTML without what differs from one look to the next: how long ago it was, and the token, which holds
    the second in which it was made."""
    html = re.sub(r">[^<]*(ago|just now)<", "><", html)
    html = re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", html)
    return re.sub(r"\s+", " ", html)
