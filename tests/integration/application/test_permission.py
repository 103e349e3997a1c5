"""What one user keeps private does not exist for another, whatever is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event

from src.core.caller import Caller, Scope
from src.core.errors import AppError, NotFoundError
from src.core.messages.accounts import CreateUser, SignIn
from src.core.messages.base import Request
from src.core.messages.collections import (
    CreateCollection,
    DeleteCollection,
    GetCollection,
    ListCollections,
    ListMembers,
    RemoveMember,
    SetMember,
    UpdateCollection,
    Visibility,
)
from src.core.messages.console import ListAgents
from src.core.messages.documents import (
    AddDocuments,
    DeleteDocument,
    GetDocument,
    ImportDocuments,
    ListDocuments,
    ListPassages,
    ReadDocument,
    RetryDocument,
    RetryFailedDocuments,
    UploadedFile,
)
from src.core.messages.indexes import CheckIndexes, RebuildIndexes
from src.core.messages.jobs import CancelJob, GetJob, Job, ListJobs
from src.core.messages.questions import AskQuestion, Filters, GetAnswer, ListAnswers, Search
from src.core.messages.sources import AddSource, ListSources
from src.database.journal import SqlAgentJournal
from tests.support.application import House, make_settings, running

PASSWORD = SecretStr("a long enough one")
FILE = UploadedFile(name="plan.txt", content=b"The treasure lies under the walnut tree.")


@dataclass
class Team:
    """Alice with a private and a team collection, Bob beside her, Rita who only reads."""

    house: House
    alice: Caller
    bob: Caller
    rita: Caller
    private: str
    shared: str
    job: Job
    document: str
    passage: str
    answer: str


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with running(make_settings(tmp_path_factory.mktemp("team") / "data")) as application:
        house = House(application)
        alice, bob, rita = (member(house, "alice"), member(house, "bob"), member(house, "rita", "reader"))
        private = house.ask(CreateCollection(name="Hers", visibility=Visibility.PRIVATE), alice).id
        shared = house.ask(CreateCollection(name="Ours"), alice).id
        added = house.ask(AddDocuments(collection_id=private, files=(FILE,)), alice)
        job = house.finished(added.job_id)
        house.finished(house.ask(AddDocuments(collection_id=shared, files=(FILE,)), alice).job_id)
        answer = house.ask(AskQuestion(question="Where is the treasure?", collection_ids=(private,)), alice)
        document = added.items[0].document_id
        passage = house.ask(ListPassages(document_id=document), alice).items[0].id
        yield Team(house, alice, bob, rita, private, shared, job, document, passage, answer.answer_id)


def member(house: House, name: str, *roles: str) -> Caller:
    house.ask(CreateUser(username=name, password=PASSWORD, roles=roles))
    anonymous = Caller.anonymous()
    user = house.ask(SignIn(username=name, password=PASSWORD), anonymous)
    return Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))


def refusal(team: Team, request: Request[Any], caller: Caller) -> str:
    with pytest.raises(AppError) as caught:
        team.house.ask(request, caller)
    return caught.value.code


def test_a_private_collection_does_not_exist_for_others(team: Team) -> None:
    requests: list[Request[Any]] = [
        GetCollection(collection_id=team.private),
        UpdateCollection(collection_id=team.private, name="Mine"),
        DeleteCollection(collection_id=team.private),
        AddDocuments(collection_id=team.private, files=(FILE,)),
        ImportDocuments(collection_id=team.private, body=b""),
        RetryFailedDocuments(collection_id=team.private),
        ListDocuments(collection_id=team.private),
        GetDocument(document_id=team.document),
        ListPassages(document_id=team.document),
        ReadDocument(document_id=team.document),
        ReadDocument(document_id=team.document, passage_id=team.passage),
        ReadDocument(document_id=team.document, answer_id=team.answer, marker="1"),
        RetryDocument(document_id=team.document),
        DeleteDocument(document_id=team.document),
        ListMembers(collection_id=team.private),
        SetMember(collection_id=team.private, username="bob", may_write=True),
        RemoveMember(collection_id=team.private, username="bob"),
        ListSources(collection_id=team.private),
        AddSource(collection_id=team.private, kind="folder", location="/anywhere"),
        GetJob(job_id=team.job.id),
        CancelJob(job_id=team.job.id),
        GetAnswer(answer_id=team.answer),
        Search(query="treasure", collection_ids=(team.private,)),
        Search(query="treasure", collection_ids=(team.shared, team.private)),
        AskQuestion(question="Where is the treasure?", collection_ids=(team.private,)),
    ]
    for caller in (team.bob, team.rita):
        codes = [(request.capability, refusal(team, request, caller)) for request in requests]
        assert [item for item in codes if item[1] != "not_found"] == []


def test_a_refusal_does_not_tell_that_something_exists(team: Team) -> None:
    def detail(request: Request[Any], known: str) -> str:
        with pytest.raises(AppError) as caught:
            team.house.ask(request, team.bob)
        return caught.value.detail.replace(known, "ID")

    assert detail(GetCollection(collection_id=team.private), team.private) == detail(
        GetCollection(collection_id="nothing"), "nothing"
    )
    assert detail(GetDocument(document_id=team.document), team.document) == detail(
        GetDocument(document_id="nothing"), "nothing"
    )
    assert detail(GetJob(job_id=team.job.id), team.job.id) == detail(GetJob(job_id="nothing"), "nothing")
    assert detail(GetAnswer(answer_id=team.answer), team.answer) == detail(
        GetAnswer(answer_id="nothing"), "nothing"
    )
    assert detail(Search(query="x", collection_ids=(team.private,)), team.private) == detail(
        Search(query="x", collection_ids=("nothing",)), "nothing"
    )


def test_lists_and_searches_leave_out_what_is_private(team: Team) -> None:
    house = team.house
    for caller in (team.bob, team.rita):
        assert {c.id for c in house.ask(ListCollections(), caller).items} == {team.shared}
        hits = house.ask(Search(query="treasure under the walnut tree"), caller).hits
        assert {hit.collection_id for hit in hits} == {team.shared}
        assert team.passage not in {key for hit in hits for key in (hit.passage_id, *hit.duplicates)}
        narrowed = Filters(document_ids=(team.document,))
        assert house.ask(Search(query="treasure", filters=narrowed), caller).hits == ()
        answer = house.ask(AskQuestion(question="Where is the treasure?"), caller)
        assert {hit.collection_id for hit in answer.passages} == {team.shared}
        jobs = house.ask(ListJobs(), caller).items
        assert jobs
        assert {job.collection_id for job in jobs} == {team.shared}
        with pytest.raises(NotFoundError):
            house.ask(ListJobs(collection_id=team.private), caller)
        assert team.answer not in {a.answer_id for a in house.ask(ListAnswers(), caller).items}
    assert {c.id for c in house.ask(ListCollections(), team.alice).items} == {team.private, team.shared}
    assert {c.id for c in house.ask(ListCollections()).items} >= {team.private, team.shared}


def test_a_team_collection_is_read_by_all_and_written_by_its_owner(team: Team) -> None:
    house = team.house
    for caller in (team.bob, team.rita):
        assert not house.ask(GetCollection(collection_id=team.shared), caller).may_write
        (document,) = house.ask(ListDocuments(collection_id=team.shared), caller).items
        for request in (
            AddDocuments(collection_id=team.shared, files=(FILE,)),
            DeleteCollection(collection_id=team.shared),
            UpdateCollection(collection_id=team.shared, visibility=Visibility.PRIVATE),
            DeleteDocument(document_id=document.id),
            CancelJob(job_id=house.ask(ListJobs(), caller).items[0].id),
        ):
            assert refusal(team, request, caller) == "forbidden"
    assert house.ask(GetCollection(collection_id=team.shared), team.alice).may_write


def test_a_member_reads_a_private_collection_and_writes_in_it_where_allowed(team: Team) -> None:
    house = team.house
    hers = house.ask(CreateCollection(name="Club", visibility=Visibility.PRIVATE), team.alice).id
    add = AddDocuments(collection_id=hers, files=(FILE,))
    assert refusal(team, add, team.bob) == "not_found"
    house.ask(SetMember(collection_id=hers, username="Bob"), team.alice)
    assert not house.ask(GetCollection(collection_id=hers), team.bob).may_write
    assert hers in {c.id for c in house.ask(ListCollections(), team.bob).items}
    assert refusal(team, add, team.bob) == "forbidden"
    house.ask(SetMember(collection_id=hers, username="bob", may_write=True), team.alice)
    house.finished(house.ask(add, team.bob).job_id)
    for request in (
        ListMembers(collection_id=hers),
        SetMember(collection_id=hers, username="rita"),
        RemoveMember(collection_id=hers, username="bob"),
        UpdateCollection(collection_id=hers, visibility=Visibility.TEAM),
        DeleteCollection(collection_id=hers),
    ):
        assert refusal(team, request, team.bob) == "forbidden"
    for caller in (team.alice, house.caller):
        (member,) = house.ask(ListMembers(collection_id=hers), caller).items
        assert (member.username, member.may_write) == ("bob", True)
    house.ask(RemoveMember(collection_id=hers, username="bob"), team.alice)
    assert refusal(team, GetCollection(collection_id=hers), team.bob) == "not_found"
    for absent in (
        RemoveMember(collection_id=hers, username="bob"),
        SetMember(collection_id=hers, username="nobody"),
    ):
        assert refusal(team, absent, team.alice) == "not_found"
    house.ask(DeleteCollection(collection_id=hers), team.alice)


def test_an_answer_is_hidden_once_what_it_quotes_is(team: Team) -> None:
    house = team.house
    changing = house.ask(CreateCollection(name="Changing"), team.alice).id
    house.finished(house.ask(AddDocuments(collection_id=changing, files=(FILE,)), team.alice).job_id)
    question = AskQuestion(question="Where is the treasure?", collection_ids=(changing,))
    answer = house.ask(question, team.bob)
    assert answer.citations
    assert house.ask(GetAnswer(answer_id=answer.answer_id), team.bob).text == answer.text
    house.ask(UpdateCollection(collection_id=changing, visibility=Visibility.PRIVATE), team.alice)
    assert refusal(team, GetAnswer(answer_id=answer.answer_id), team.bob) == "not_found"
    house.ask(DeleteCollection(collection_id=changing), team.alice)


def test_readers_make_nothing_and_only_administrators_mend(team: Team) -> None:
    assert refusal(team, CreateCollection(name="New"), team.rita) == "forbidden"
    for request in (CheckIndexes(), RebuildIndexes(), CreateUser(username="eve", password=PASSWORD)):
        assert refusal(team, request, team.alice) == "forbidden"
    assert refusal(team, ListCollections(), Caller.anonymous()) == "unauthenticated"


def test_others_learn_of_an_agents_last_error_its_code_alone(team: Team) -> None:
    cause = "no_such_folder: There is no folder /srv/hers."
    SqlAgentJournal(team.house.application.database).count("sources", handled=0, failed=1, error=cause)

    def told(caller: Caller) -> list[str | None]:
        agents = team.house.ask(ListAgents(), caller).items
        return [agent.last_error for agent in agents if agent.name == "sources"]

    assert told(team.house.caller) == [cause]
    assert told(team.bob) == told(team.rita) == ["no_such_folder"]


@pytest.mark.parametrize(
    ("kind", "location"), [("folder", "/srv"), ("git", "/srv/code"), ("git", " FILE:///srv/code")]
)
def test_folders_of_the_server_are_added_by_administrators_only(team: Team, kind: str, location: str) -> None:
    request = AddSource(collection_id=team.shared, kind=kind, location=location)
    assert refusal(team, request, team.alice) == "forbidden"
    assert refusal(team, request, team.house.caller) == "outside_roots"


def test_a_scope_is_made_by_the_grants_alone(team: Team) -> None:
    with pytest.raises(TypeError):
        Scope(frozenset({team.private}), object())
    with pytest.raises(TypeError):
        Scope(frozenset({team.private}))  # type: ignore[call-arg]


def statements(team: Team, request: Request[Any], caller: Caller) -> int:
    """How many statements the request takes of the database; those of other threads do not count."""
    mine, taken = threading.get_ident(), []

    def note(*_: object) -> None:
        if threading.get_ident() == mine:
            taken.append(1)

    engine = team.house.application.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        team.house.ask(request, caller)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(taken)


def test_a_list_of_collections_takes_as_many_statements_however_long_it_is(team: Team) -> None:
    before = statements(team, ListCollections(), team.bob)
    for name in ("One", "Two", "Three"):
        team.house.ask(CreateCollection(name=name), team.alice)
    assert statements(team, ListCollections(), team.bob) == before
