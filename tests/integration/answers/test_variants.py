"""Ways to answer over HTTP: each reader gets one, and what they say of it decides what is set for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from src.cli.client import ApiError, Client
from src.core.caller import Caller
from src.core.messages.accounts import CreateUser, IssueToken, SignIn
from src.core.messages.collections import CreateCollection, DeleteCollection, Visibility
from src.services.evaluation.assignment import assign, halves
from tests.support import anthropic_server as wire
from tests.support.application import ADMIN_PASSWORD, wait_for
from tests.support.scripted_server import Asked, Reply
from tests.support.scripted_server import serving as scripted
from tests.support.site import Site, serving, words

PASSWORD = SecretStr("a long enough one")
TEMPLATE = "Answer in steps that a newcomer can follow, and begin with the word Stepwise."
PLACES = ("within the country", "to islands", "to the warehouse")


@dataclass
class Team:
    """Readers of a site, each with a client of their own."""

    site: Site
    admin: Client
    people: list[tuple[Caller, Client]] = field(default_factory=list)

    def reader(self) -> tuple[Caller, Client]:
        name = f"reader{len(self.people)}"
        house = self.site.house
        house.ask(CreateUser(username=name, password=PASSWORD, roles=("reader",)))
        user = house.ask(SignIn(username=name, password=PASSWORD), Caller.anonymous())
        caller = Caller(user_id=user.id, username=name, roles=frozenset(user.roles))
        self.people.append((caller, Client(self.site.url, _token(self.site, name, PASSWORD))))
        return self.people[-1]

    def of_both_arms(self, experiment_id: str, each: int) -> list[tuple[str, Client]]:
        """So many readers of each arm."""
        found: list[tuple[str, Client]] = []
        while min(sum(arm == name for arm, _ in found) for name in ("control", "treatment")) < each:
            caller, client = self.reader()
            arm = assign(experiment_id, caller.user_id or "", halves(1.0))
            if sum(arm == other for other, _ in found) < each:
                found.append((arm, client))
        return found

    def start(self, **fields: Any) -> dict[str, Any]:
        body = {"collection_id": self.site.collection_id, "method": "ab", **fields}
        made: dict[str, Any] = self.admin.post("/experiments", body)
        return made

    def asked(self, client: Client, question: str, **fields: Any) -> dict[str, Any]:
        body = {"question": question, "collection_ids": [self.site.collection_id], **fields}
        answer: dict[str, Any] = client.post("/ask", body)
        return answer

    def shown(self, experiment_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.admin.get(f"/experiments/{experiment_id}")
        return found


def _token(site: Site, username: str, password: SecretStr) -> str:
    asked = IssueToken(username=username, password=password)
    return site.house.ask(asked, Caller.anonymous()).access_token


def steps(asked: Asked) -> Reply:
    """A language model that does as its template says, and knows no other model than its own."""
    if asked.body["model"] != "claude-test":
        return wire.error(404, "not_found_error", f"model: {asked.body['model']}")
    stepwise = "Stepwise" in str(asked.body["system"])
    return wire.answer("Stepwise: wait two days [1]." if stepwise else "Two days [1].")


@pytest.fixture(scope="module")
def generating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team whose answers come from a language model."""
    with scripted(steps) as server:
        settings = {
            "llm": "anthropic",
            "llm_model": "claude-test",
            "anthropic_api_key": SecretStr("sk-test-key"),
            "anthropic_base_url": server.url,
        }
        yield from _team(tmp_path_factory.mktemp("generating"), **settings)


@pytest.fixture(scope="module")
def quoting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team whose answers are extracts."""
    yield from _team(tmp_path_factory.mktemp("quoting"))


def _team(folder: Path, **settings: object) -> Iterator[Team]:
    with serving(folder, **settings) as site:
        yield Team(site, Client(site.url, _token(site, "admin", SecretStr(ADMIN_PASSWORD))))


def test_a_better_template_is_found_by_its_readers_and_becomes_the_setting(generating: Team) -> None:
    team = generating
    made = team.start(variant=[{"kind": "template", "text": TEMPLATE}])
    readers = team.of_both_arms(made["id"], each=6)
    for round_ in range(10):
        for number, (arm, client) in enumerate(readers):
            question = f"How long does parcel {round_}{number} take within the country?"
            answer = team.asked(client, question)
            if answer["experiment_id"] != made["id"]:
                assert team.shown(made["id"])["progress"]["votes"] >= 100, "it may decide at the first look"
                break
            assert answer["arm"] == arm
            assert answer["text"].startswith("Stepwise") == (arm == "treatment")
            liked = (round_ + number) % 10 < (9 if arm == "treatment" else 3)
            client.post(f"/answers/{answer['answer_id']}/feedback", {"verdict": "up" if liked else "down"})
    ended = wait_for(lambda: _ended(team, made["id"]), timeout_s=60)
    assert ended["decision"] == "promote"
    control, treatment = ended["arms"]
    assert (control["readers"], treatment["readers"]) == (6, 6)
    assert treatment["rate"] > control["rate"] + 0.3
    assert not ended["split"]["broken"]
    assert {one["name"] for one in ended["guardrails"]} >= {"slow answers", "errors", "down-votes"}
    (watch,) = team.admin.get("/experiments", state="running")["items"]
    assert (watch["purpose"], watch["treatment_id"]) == ("watch", made["control_id"])
    outsider = _outside(team, watch)
    after = team.asked(outsider, "How long does a parcel take?")
    assert after["text"].startswith("Stepwise")
    assert (after["settings_id"], after["arm"]) == (made["treatment_id"], None)
    model = team.admin.get(f"/models/{made['treatment_id']}")
    assert (model["role"], model["state"]) == ("answering", "live")
    assert model["changes"][-1]["evidence"]["experiment_id"] == made["id"]
    back = team.admin.post(f"/models/{made['treatment_id']}:rollback", {"reason": "Too long."})
    assert back["id"] == made["control_id"]
    again = team.asked(outsider, "How long does a parcel take?")
    assert again["text"].startswith("Two days")
    assert again["prompt_version"] != after["prompt_version"]


def test_a_model_that_is_not_there_falls_back_with_a_notice(generating: Team) -> None:
    team = generating
    made = team.start(variant=[{"kind": "model", "name": "claude-nobody"}])
    readers = dict(team.of_both_arms(made["id"], each=1))
    answer = team.asked(readers["treatment"], "How long does a parcel take?")
    assert (answer["arm"], answer["model"]) == ("treatment", "extractive")
    assert "could not answer" in answer["notice"]
    assert answer["citations"]
    fine = team.asked(readers["control"], "How long does a parcel take?")
    assert (fine["arm"], fine["model"], fine["notice"]) == ("control", "claude-test", None)
    control, treatment = team.shown(made["id"])["arms"]
    assert (control["fell_back"], treatment["fell_back"]) == (0, 1)
    team.admin.post(f"/experiments/{made['id']}:stop")


def test_a_reader_always_gets_the_same_arm_and_both_are_used(quoting: Team) -> None:
    team = quoting
    made = team.start(variant=[{"kind": "evidence", "least": 1.3}, {"kind": "passages", "k": 2}])
    arms = []
    for arm, client in team.of_both_arms(made["id"], each=2):
        answers = [team.asked(client, f"How long does a parcel take {topic}?") for topic in PLACES]
        assert {answer["arm"] for answer in answers} == {arm}
        treated = arm == "treatment"
        assert all(len(answer["passages"]) == (2 if treated else 8) or not treated for answer in answers)
        assert all(("hold no answer" in answer["text"]) == treated for answer in answers[:1])
        arms.append(arm)
    assert set(arms) == {"control", "treatment"}
    control, treatment = team.shown(made["id"])["arms"]
    assert (control["answers"], treatment["answers"]) == (6, 6)
    assert (treatment["declined"], control["declined"] < 6) == (6, True)
    asked = team.asked(team.people[0][1], "How long does a parcel take?", k=1)
    assert len(asked["passages"]) == 1, "what the question says goes before what is set for all"
    team.admin.post(f"/experiments/{made['id']}:stop")
    assert team.asked(team.people[0][1], "How long does a parcel take?")["arm"] is None


def test_a_question_to_several_collections_counts_where_the_one_that_compares_is_found_first(
    quoting: Team,
) -> None:
    team, house = quoting, quoting.site.house
    other = house.collection("Garden")
    house.upload(other, {"roses.md": "# Roses\n\nRoses are cut back in March, above an outer bud.\n"})
    parcels, roses = "How long does a parcel take?", "When are roses cut back?"
    both = [team.site.collection_id, other]
    made = team.start(variant=[{"kind": "passages", "k": 1}])
    for arm, client in team.of_both_arms(made["id"], each=1):
        for asked in (both, None):
            answer = team.asked(client, parcels, collection_ids=asked)
            assert (answer["experiment_id"], answer["arm"]) == (made["id"], arm)
            assert (len(answer["passages"]) == 1) == (arm == "treatment")
        found_elsewhere = team.asked(client, roses, collection_ids=both)
        assert (found_elsewhere["experiment_id"], found_elsewhere["settings_id"]) == (None, None)
        assert len(found_elsewhere["passages"]) > 1
    second = team.start(collection_id=other, aa=True)
    _, client = team.of_both_arms(made["id"], each=1)[0]
    answer = team.asked(client, parcels, collection_ids=both)
    assert (answer["experiment_id"], answer["arm"]) == (None, None), "two compare at once"
    for one in (made, second):
        team.admin.post(f"/experiments/{one['id']}:stop")
    house.ask(DeleteCollection(collection_id=other))


def test_a_comparison_reaches_nobody_who_may_not_read_its_collection(quoting: Team) -> None:
    team, house = quoting, quoting.site.house
    private = house.ask(CreateCollection(name="Wages", visibility=Visibility.PRIVATE)).id
    house.upload(private, {"wages.md": "# Parcels\n\nWho carries parcels earns nine an hour.\n"})
    made = team.start(collection_id=private, variant=[{"kind": "passages", "k": 1}], share=1.0)
    _, outsider = team.reader()
    answer = team.asked(outsider, "What does who carries parcels earn?", collection_ids=None)
    assert answer["experiment_id"] is None
    assert answer["settings_id"] not in (made["control_id"], made["treatment_id"])
    insider = team.asked(team.admin, "What does who carries parcels earn?", collection_ids=None)
    assert insider["experiment_id"] == made["id"]
    team.admin.post(f"/experiments/{made['id']}:stop")
    house.ask(DeleteCollection(collection_id=private))


def test_settings_that_a_later_version_wrote_are_told_and_not_used(quoting: Team) -> None:
    team = quoting
    made = team.start(aa=True)
    with team.site.house.application.database.begin() as work:
        live = work.models.get(made["control_id"])
        before, live.card = live.card, {**live.card, "settings": [{"kind": "mood", "is": "good"}]}
        work.commit()
    answer = team.asked(team.reader()[1], "How long does a parcel take?")
    assert "cannot be read" in answer["notice"]
    assert answer["citations"]
    shown = team.site.visitor().page(f"/learning/models/{made['control_id']}")
    assert "mood" in words(shown)
    with team.site.house.application.database.begin() as work:
        work.models.get(made["control_id"]).card = before
        work.commit()
    team.admin.post(f"/experiments/{made['id']}:stop")


def test_readers_may_not_start_one_and_bad_variants_are_refused(quoting: Team) -> None:
    team = quoting
    _, reader = team.reader()
    body = {"collection_id": team.site.collection_id, "method": "ab"}
    with pytest.raises(ApiError) as refused:
        reader.post("/experiments", {**body, "variant": [{"kind": "passages", "k": 3}]})
    assert (refused.value.status, refused.value.code) == (403, "forbidden")
    for variant in (
        [],
        [{"kind": "mood", "is": "good"}],
        [{"kind": "passages", "k": 0}],
        [{"kind": "passages", "k": 2}, {"kind": "passages", "k": 3}],
        [{"kind": "template"}],
        [{"kind": "template", "name": "standard", "text": TEMPLATE}],
    ):
        with pytest.raises(ApiError) as bad:
            team.start(variant=variant)
        assert bad.value.status in (400, 422), variant
    with pytest.raises(ApiError, match="extracts"):
        team.start(variant=[{"kind": "template", "name": "quoting"}])


def _outside(team: Team, experiment: dict[str, Any]) -> Client:
    """A reader who takes no part in the comparison."""
    while True:
        caller, client = team.reader()
        if assign(experiment["id"], caller.user_id or "", halves(experiment["share"])) == "":
            return client


def _ended(team: Team, experiment_id: str) -> dict[str, Any] | None:
    found = team.shown(experiment_id)
    return found if found["state"] == "ended" else None
