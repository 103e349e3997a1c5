"""The pages of a comparison of answers: the form that begins one, what it shows, and the way back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from src.core.caller import Caller
from src.core.messages.accounts import CreateUser
from src.core.messages.experiments import GetExperiment
from src.core.messages.feedback import ListFeedback, RateAnswer, RatingState
from src.core.messages.models import GetModel, ModelState
from src.core.messages.questions import AskQuestion
from tests.support.application import wait_for
from tests.support.site import READER, Site, marked, serving, words

QUESTION = "How long does a parcel take to islands?"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: what is compared here would change the answers of others."""
    with serving(tmp_path_factory.mktemp("comparing")) as made:
        yield made


@pytest.fixture(scope="module")
def experiment_id(site: Site) -> str:
    """A comparison that was begun by the form."""
    visitor = site.visitor()
    page = visitor.page(f"/learning/experiments?collection={site.collection_id}")
    (link,) = marked(page, "compare")
    form = visitor.page(str(link.attributes["href"]))
    assert marked(form, "compare-form")
    assert "A gain of +0.100 is found in 80% of trials" in words(marked(form, "plan")[0])
    begun = visitor.send(
        f"/learning/collections/{site.collection_id}/compare",
        {
            "passages.k": "3",
            "evidence.least": "0.3",
            "memory.used": "false",
            "model.name": "",
            "percent": "80",
        },
    )
    assert begun.status_code == 303
    return str(begun.location).rsplit("/", 1)[-1]


def test_the_form_begins_a_comparison_of_what_it_names(site: Site, experiment_id: str) -> None:
    made = site.house.ask(GetExperiment(experiment_id=experiment_id))
    assert (made.method, made.share) == ("ab", 0.8)
    settings = site.house.ask(GetModel(model_id=made.treatment_id)).card["settings"]
    assert {one["kind"]: one for one in settings} == {
        "passages": {"kind": "passages", "k": 3},
        "evidence": {"kind": "evidence", "least": 0.3},
        "memory": {"kind": "memory", "used": False},
    }


def test_the_page_shows_both_arms_the_split_the_rule_and_what_differs(site: Site, experiment_id: str) -> None:
    given = site.house.ask(AskQuestion(question=QUESTION, collection_ids=(site.collection_id,)))
    arm = given.arm or _joined(site, experiment_id)
    page = site.visitor().page(f"/learning/experiments/{experiment_id}")
    assert "Another way to answer" in words(page)
    assert "Not enough data yet" in words(marked(page, "verdict")[0])
    assert marked(page, "split")[0].attributes["data-broken"] == "false"
    arms = {
        str(row.attributes.get("data-arm")): words(row) for row in marked(page, "arms")[0].css("tbody tr")
    }
    assert set(arms) == {"control", "treatment"}
    assert "100%" in arms[arm] or "none yet" in arms[arm]
    assert "least evidence 0.3" in words(marked(page, "settings")[0])
    assert "control as configured" in words(marked(page, "settings")[0])
    assert "gain of +0.100" in words(marked(page, "power")[0])
    assert "slow answers" in words(marked(page, "guardrails")[0])
    overview = site.visitor().page("/learning")
    assert "Two ways to answer are being compared" in words(overview)


def _joined(site: Site, experiment_id: str) -> str:
    """The arm of a reader who takes part, once they have rated an answer."""
    for number in range(20):
        user = site.house.ask(CreateUser(username=f"guest{number}", password=SecretStr("a quiet morning")))
        reader = Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))
        answer = site.house.ask(AskQuestion(question=QUESTION, collection_ids=(site.collection_id,)), reader)
        if answer.arm is not None:
            return answer.arm
    raise AssertionError("nobody takes part")


def test_a_person_stops_it_and_promotes_and_returns_from_a_way_to_answer(
    site: Site, experiment_id: str
) -> None:
    visitor = site.visitor()
    visitor.page(f"/learning/experiments/{experiment_id}")
    again = visitor.send(f"/learning/collections/{site.collection_id}/compare", {"aa": "1"})
    assert again.status_code == 409, "one at a time"
    model_id = site.house.ask(GetExperiment(experiment_id=experiment_id)).treatment_id
    page = visitor.page(f"/learning/models/{model_id}")
    assert sorted((words(one) for one in marked(page, "setting")), key=lambda told: "plm".index(told[0])) == [
        "passages 3",
        "least evidence 0.3",
        "memory of votes not used",
    ]
    assert "What would it show?" not in words(page)
    assert visitor.send(f"/learning/models/{model_id}/promote", {"reason": "We like it."}).status_code == 303
    assert site.house.ask(GetExperiment(experiment_id=experiment_id)).decision == "superseded"
    assert site.house.ask(GetModel(model_id=model_id)).state is ModelState.LIVE
    answer = site.house.ask(AskQuestion(question=QUESTION, collection_ids=(site.collection_id,)))
    # A few readers still get the one before, which the watch compares it with: who, the draw decides.
    assert (len(answer.passages) == 3) is (answer.settings_id == model_id)
    assert "answers" in words(visitor.page("/learning/models"))
    assert visitor.send(f"/learning/models/{model_id}/return", {"reason": "No."}).status_code == 303
    assert site.house.ask(GetModel(model_id=model_id)).state is ModelState.RETIRED
    begun = visitor.send(f"/learning/collections/{site.collection_id}/compare", {"aa": "1"})
    ended = visitor.send(f"{begun.location}/stop", {"reason": "Enough."})
    assert ended.status_code == 303
    assert "Enough." in words(marked(visitor.page(str(begun.location)), "verdict")[0])


def test_a_reader_finds_no_form_and_a_bad_one_says_what_is_wrong(site: Site) -> None:
    reader = site.visitor(as_=READER)
    path = f"/learning/collections/{site.collection_id}/compare"
    assert not marked(reader.page(f"/learning/experiments?collection={site.collection_id}"), "compare")
    reader.page(path, status=403)
    assert reader.send(path, {"passages.k": "3"}).status_code == 403
    visitor = site.visitor()
    visitor.page(path)
    for form in ({"passages.k": "many"}, {"percent": "all", "passages.k": "3"}, {"mood.is": "good"}):
        refused = visitor.send(path, form)
        assert refused.status_code == 422, form
    nothing = visitor.send(path, {})
    assert nothing.status_code == 422
    assert "Name what to compare" in nothing.text


def test_an_insight_that_asks_for_another_template_leads_to_the_form(site: Site) -> None:
    answer = site.house.ask(AskQuestion(question=QUESTION, collection_ids=(site.collection_id,)))
    site.house.ask(RateAnswer(answer_id=answer.answer_id, verdict="down", reasons=("wrong_tone",)))
    wait_for(lambda: site.house.ask(ListFeedback(state=RatingState.COUNTED)).items or None)
    visitor = site.visitor()
    visitor.page("/learning")
    assert visitor.send("/learning/insights", {"collection": site.collection_id}).status_code == 303
    listed = f"/learning/insights?collection={site.collection_id}"
    insight = wait_for(lambda: next(iter(marked(visitor.page(listed), "insight")), None))
    (link,) = marked(insight, "compare")
    assert marked(visitor.page(str(link.attributes["href"])), "compare-form")


def test_what_is_wrong_with_a_setting_is_told_by_its_name(site: Site) -> None:
    visitor = site.visitor()
    visitor.page(f"/learning/collections/{site.collection_id}/compare")
    form = {"template.text": "Too short.", "passages.k": "1000"}
    refused = visitor.send(f"/learning/collections/{site.collection_id}/compare", form)
    said = words(visitor.read(refused, status=422))
    assert "template text : String should have at least 20 characters" in said
    assert "passages k : Input should be less than or equal to" in said
    assert "variant" not in said
