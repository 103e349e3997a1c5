"""The pages of learning: the loop, the inbox of ratings, the models, and the replay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from src.core.clock import new_id
from src.core.messages.collections import CreateCollection, DeleteCollection
from src.core.messages.feedback import ListFeedback, RateHit, RatingState
from src.core.messages.golden import ListGoldenSets
from src.core.messages.models import GetModel, ModelState
from src.core.messages.questions import Search
from src.database.models import EvaluationRecord, ModelRecord, RatingRecord
from tests.support.application import wait_for
from tests.support.site import READER, Site, marked, serving, words

QUESTION = "How long does a parcel take to islands?"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: what is learned here would move the rankings of others."""
    with serving(tmp_path_factory.mktemp("learning")) as made:
        yield made


@pytest.fixture(scope="module")
def rating_id(site: Site) -> str:
    """A vote that counts."""
    shown = site.house.ask(Search(query=QUESTION, collection_ids=(site.collection_id,)))
    given = site.house.ask(
        RateHit(query_id=shown.query_id, passage_id=shown.hits[0].passage_id, verdict="up")
    )
    wait_for(lambda: site.house.ask(ListFeedback(state=RatingState.COUNTED)).items or None)
    return given.id


def made(site: Site, state: str, card: dict[str, Any] | None = None) -> str:
    """The id of a new model in this state, with the default's way to rank."""
    with site.house.application.database.begin() as work:
        record = ModelRecord(
            id=new_id(),
            collection_id=site.collection_id,
            version=work.models.next_version(site.collection_id),
            kind="default",
            state=state,
            card=card or {},
            created_at=work.now(),
            changed_at=work.now(),
        )
        work.models.add(record)
        work.commit()
        return record.id


def test_the_loop_tells_what_readers_said_and_what_waits(site: Site, rating_id: str) -> None:
    page = site.visitor().page("/learning")
    (loop,) = marked(page, "loop")
    steps = {str(step.attributes["data-step"]): words(step) for step in loop.css(".step")}
    assert list(steps) == ["ratings", "memory", "training", "gate", "trial", "live"]
    assert "1 up, 0 down" in steps["ratings"]
    assert "1 question" in steps["memory"]
    assert "1 up-vote that no run has seen yet" in steps["training"]
    assert "the default" in steps["live"]


def test_only_collections_where_something_goes_on_are_drawn(site: Site, rating_id: str) -> None:
    empty = site.house.ask(CreateCollection(name="Minutes"))
    page = site.visitor().page("/learning")
    assert [loop.attributes["data-collection"] for loop in marked(page, "loop")] == [site.collection_id]
    (resting,) = marked(page, "resting")
    assert "Minutes" in words(resting)
    site.house.ask(DeleteCollection(collection_id=empty.id))


def test_a_held_rating_waits_in_the_inbox_until_it_is_released(site: Site, rating_id: str) -> None:
    with site.house.application.database.begin() as work:
        record = work.session.get(RatingRecord, rating_id)
        assert record is not None
        record.state, record.held_reason = "held", "Far more votes than this reader gives."
        work.commit()
    visitor = site.visitor()
    assert "1 held until somebody looks" in words(visitor.page("/learning"))
    page = visitor.page("/learning/ratings?state=held")
    (row,) = marked(page, "rating")
    assert "Far more votes than this reader gives." in words(row)
    answered = visitor.send("/learning/ratings/review", {"rating": rating_id, "decision": "release"})
    assert answered.status_code == 303
    assert "1 rating released" in words(visitor.page("/learning/ratings"))
    (released,) = site.house.ask(ListFeedback()).items
    assert released.state is RatingState.COUNTED


def test_the_inbox_is_filtered_and_says_when_nothing_is_like_it(site: Site, rating_id: str) -> None:
    visitor = site.visitor()
    assert len(marked(visitor.page("/learning/ratings?verdict=up"), "rating")) == 1
    page = visitor.page("/learning/ratings?verdict=down")
    assert not marked(page, "rating")
    assert "None like this." in words(page)
    visitor.page("/learning/ratings?verdict=sideways", status=422)


def test_a_person_promotes_a_model_and_returns_from_it(site: Site) -> None:
    live, candidate = made(site, "live"), made(site, "gated")
    visitor = site.visitor()
    rows = marked(visitor.page(f"/learning/models?collection={site.collection_id}"), "model")
    assert [row.attributes["data-state"] for row in rows] == ["gated", "live"]
    visitor.page(f"/learning/models/{candidate}")
    visitor.send(f"/learning/models/{candidate}/promote", {"reason": "It reads better."})
    page = visitor.page(f"/learning/models/{candidate}")
    assert "It reads better." in words(marked(page, "changes")[0])
    assert "Decided by admin, just now" in words(marked(page, "decided")[0])
    assert site.house.ask(GetModel(model_id=live)).state is ModelState.RETIRED
    visitor.send(f"/learning/models/{candidate}/return", {"reason": "It does not."})
    assert site.house.ask(GetModel(model_id=live)).state is ModelState.LIVE
    assert site.house.ask(GetModel(model_id=candidate)).state is ModelState.RETIRED


def test_a_replay_shows_both_rankings_side_by_side(site: Site) -> None:
    other = made(site, "candidate")
    page = site.visitor().page(f"/learning/replay?q=parcel&collection={site.collection_id}&model={other}")
    (sides,) = marked(page, "replay")
    lists = sides.css("ol.side")
    assert len(lists) == 2
    assert words(lists[0]) == words(lists[1]), "both rank by the default"
    assert "same rank" in words(lists[0])
    unasked = site.visitor().page("/learning/replay?q=parcel")
    assert words(marked(unasked, "replay")[0]) == words(sides), (
        "the newest that does not rank, and the only collection"
    )


def test_a_comparison_is_begun_looked_at_and_stopped(site: Site) -> None:
    visitor = site.visitor()
    listed = f"/learning/experiments?collection={site.collection_id}"
    visitor.page(listed)
    begun = visitor.send(f"/learning/collections/{site.collection_id}/experiments", {"aa": "1"})
    assert begun.status_code == 303
    page = visitor.page(str(begun.location))
    (shown,) = marked(page, "experiment")
    assert "Equal against equal" in words(shown)
    assert "Not enough data yet" in words(marked(page, "verdict")[0])
    assert "0 from 0 readers" in words(marked(page, "votes")[0])
    visitor.send(f"{begun.location}/stop", {"reason": "Enough seen."})
    page = visitor.page(str(begun.location))
    assert marked(page, "experiment")[0].attributes["data-state"] == "ended"
    assert "Enough seen." in words(marked(page, "verdict")[0])
    rows = [words(row) for row in marked(visitor.page(listed), "experiment")]
    assert [row for row in rows if "Equal against equal" in row and "stopped" in row]


@pytest.mark.parametrize("name", ["models", "experiments", "runs", "datasets"])
def test_a_list_of_one_collection_does_not_name_it_in_each_row(site: Site, name: str) -> None:
    other = site.house.ask(CreateCollection(name="Minutes"))
    visitor = site.visitor()
    whole = visitor.page(f"/learning/{name}")
    assert "Collection" in [words(cell) for cell in whole.css("th")]
    assert bool(marked(whole, "choose")) == (name == "experiments")
    page = visitor.page(f"/learning/{name}?collection={site.collection_id}")
    site.house.ask(DeleteCollection(collection_id=other.id))
    (shown, *_) = marked(page, name)
    heads = [words(cell) for cell in shown.css("th")]
    assert heads
    assert "Collection" not in heads


def test_a_run_without_enough_votes_says_how_many_are_missing(site: Site, rating_id: str) -> None:
    visitor = site.visitor()
    listed = f"/learning/runs?collection={site.collection_id}"
    visitor.page(listed)
    visitor.send(f"/learning/collections/{site.collection_id}/runs", {})
    wait_for(lambda: [r for r in marked(visitor.page(listed), "run") if "refused" in words(r)] or None)
    (row,) = marked(visitor.page(listed), "run")
    link = row.css_first("a")
    assert link is not None
    page = visitor.page(str(link.attributes["href"]))
    assert marked(page, "run")[0].attributes["data-state"] == "refused"
    assert "not available: no language model is configured" in words(marked(page, "synthetic")[0])
    assert "1 question" in words(page)


def test_a_trained_model_shows_what_it_learned_from_whom(site: Site) -> None:
    change = {"questions": 40, "base": 0.6, "trained": 0.64, "change": 0.04, "lower": 0.01, "upper": 0.07}
    card = {
        "summary": "Learned from 90 votes of 7 readers on 40 questions.",
        "figures": {"against_default": {"all": change, "seen": {"questions": 0}}},
        "weights": {"identifiers": 0.1, "length": -0.05, "numbers": 0.0},
    }
    model_id = made(site, "candidate", card=card)
    page = site.visitor().page(f"/learning/models/{model_id}")
    assert "90 votes of 7 readers" in words(page)
    (figures,) = marked(page, "figures")
    assert "+0.010 to +0.070" in words(figures)
    assert len(figures.css("tbody tr")) == 1, "parts without questions are left out"
    assert [words(one) for one in marked(page, "weights")[0].css("th")] == ["identifiers", "length"]


def test_the_board_compares_versions_on_each_set(site: Site) -> None:
    model_id = made(site, "candidate")
    with site.house.application.database.begin() as work:
        work.session.add(
            EvaluationRecord(
                id=new_id(),
                model_id=model_id,
                name="golden set support",
                questions=25,
                figures={"ndcg": {"mean": 0.031, "lower": 0.01, "upper": 0.05}},
                passed=True,
                at=work.now(),
            )
        )
        work.commit()
    page = site.visitor().page(f"/learning/board?collection={site.collection_id}")
    (board,) = marked(page, "board")
    assert "golden set support" in words(board)
    assert "+0.031 (+0.010 to +0.050) passed on 25 questions" in words(board)
    evaluations = words(marked(site.visitor().page(f"/learning/models/{model_id}"), "evaluations")[0])
    assert "golden set support 25 +0.031 (+0.010 to +0.050) passed" in evaluations


def test_an_up_vote_that_a_person_answers_for_becomes_a_golden_question(site: Site, rating_id: str) -> None:
    visitor = site.visitor()
    assert len(marked(visitor.page("/learning/ratings?verdict=up"), "golden")) == 1
    address = f"/learning/collections/{site.collection_id}/golden"
    assert visitor.send(address, {"rating": rating_id}).status_code == 303
    listed = f"/learning/board?collection={site.collection_id}"
    (row,) = marked(visitor.page(listed), "golden-set")
    assert words(row).startswith("Accepted from ratings 1")
    (made,) = site.house.ask(ListGoldenSets()).items
    assert visitor.send(f"{address}/{made.id}/delete", {}).status_code == 303
    assert not marked(visitor.page(listed), "golden-set")
    reader = site.visitor(as_=READER)
    reader.page("/learning")
    assert reader.send(address, {"rating": rating_id}).status_code == 403


def test_failing_questions_are_gathered_with_a_cause_and_a_proposal(site: Site) -> None:
    asked = ("What does the opera ticket cost?", "How much is a ticket for the opera?", "opera ticket price")
    for question in asked:
        shown = site.house.ask(Search(query=question, collection_ids=(site.collection_id,)))
        for hit in shown.hits[:2]:
            site.house.ask(RateHit(query_id=shown.query_id, passage_id=hit.passage_id, verdict="down"))
    wait_for(lambda: len(site.house.ask(ListFeedback(verdict="down", state="counted")).items) == 6 or None)
    visitor = site.visitor()
    listed = f"/learning/insights?collection={site.collection_id}"
    visitor.page(listed)
    assert visitor.send("/learning/insights", {"collection": site.collection_id}).status_code == 303
    (insight,) = wait_for(lambda: marked(visitor.page(listed), "insight") or None)
    assert "opera" in words(insight).lower()
    assert words(marked(insight, "proposal")[0])
    assert not marked(site.visitor(as_=READER).page("/learning/insights"), "insight")


def test_a_reader_sees_what_became_of_their_ratings(site: Site, rating_id: str) -> None:
    outcomes = [words(one) for one in marked(site.visitor().page("/learning/mine"), "outcome")]
    (told,) = [one for one in outcomes if QUESTION in one]
    assert "counted" in told
    assert "not rated anything yet" in words(site.visitor(as_=READER).page("/learning/mine"))


def test_readers_look_but_do_not_decide(site: Site) -> None:
    candidate = made(site, "candidate")
    visitor = site.visitor(as_=READER)
    visitor.page("/learning")
    page = visitor.page(f"/learning/models/{candidate}")
    assert not marked(page, "promote")
    assert visitor.send(f"/learning/models/{candidate}/promote", {}).status_code == 403
    assert not marked(visitor.page("/learning/ratings"), "rating"), "what others said is not theirs to read"


def test_the_loop_says_what_was_learned_and_why_it_ranks(site: Site, rating_id: str) -> None:
    promoted = made(site, "gated", card={"summary": "Learned from 90 votes of 7 readers."})
    visitor = site.visitor()
    visitor.page(f"/learning/models/{promoted}")
    sent = visitor.send(f"/learning/models/{promoted}/promote", {"reason": "It gained in the trial."})
    assert sent.status_code == 303, sent.text
    page = visitor.page("/learning")
    (told,) = marked(page, "live-why")
    assert "Learned from 90 votes of 7 readers." in words(told)
    assert "It gained in the trial. Decided by admin, just now" in words(told)
    steps = {str(step.attributes["data-step"]): step for step in page.css(".step")}
    link = steps["live"].css_first("a")
    assert link is not None
    assert link.attributes["href"] == f"/learning/models/{promoted}"
    visitor.send(f"/learning/models/{promoted}/return", {})
