"""A team with something to rate, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.messages.accounts import CreateUser, SignIn
from src.core.messages.base import Request
from src.core.messages.collections import CreateCollection
from src.core.messages.console import ListAgents, ListEvents
from src.core.messages.feedback import ListFeedback, Rating, RatingState
from src.core.messages.questions import Answer, AskQuestion, Search, SearchResults
from tests.support.application import House, make_settings, running, wait_for
from tests.support.databases import migrated_postgres
from tests.support.postgres import Cluster

PASSWORD = SecretStr("a long enough one")
PAGES = {
    "parcels.txt": "A parcel within the country takes two working days.",
    "islands.txt": "Parcels to islands take five working days, because the ferry sails twice a week.",
    "returns.txt": "Returned goods are refunded within fourteen days after they have arrived.",
}


@dataclass
class Team:
    """Ada owns the collection, Ben reads it."""

    house: House
    ada: Caller
    ben: Caller
    collection: str

    def member(self, name: str, *roles: str) -> Caller:
        """A new user, by a name of its own in the end."""
        name = f"{name}-{new_id()[-8:]}"
        self.house.ask(CreateUser(username=name, password=PASSWORD, roles=roles))
        user = self.house.ask(SignIn(username=name, password=PASSWORD), Caller.anonymous())
        return Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))

    def ask(self, request: Request[Any], caller: Caller) -> Any:
        return self.house.ask(request, caller)

    def search(self, query: str, caller: Caller) -> SearchResults:
        return self.house.ask(Search(query=query, collection_ids=(self.collection,)), caller)

    def answer(self, question: str, caller: Caller) -> Answer:
        return self.house.ask(AskQuestion(question=question, collection_ids=(self.collection,)), caller)

    def rating(self, rating_id: str) -> Rating | None:
        items = self.house.ask(ListFeedback(limit=500)).items
        return next((one for one in items if one.id == rating_id), None)

    def checked(self, rating_id: str, state: RatingState = RatingState.COUNTED) -> Rating:
        """The rating when it has come to this state."""

        def look() -> Rating | None:
            found = self.rating(rating_id)
            return found if found is not None and found.state is state else None

        return wait_for(look)

    def quiet(self) -> None:
        """Wait until no agent has anything to do."""
        wait_for(lambda: not any(agent.backlog for agent in self.house.ask(ListAgents()).items))

    def events(self, topic: str, count: int | None) -> list[dict[str, Any]]:
        """What was told of this topic about the team's collection, when there is so much of it (if any)."""

        def look() -> list[dict[str, Any]] | None:
            items = self.house.ask(ListEvents(topic=topic, after=0, limit=500)).items
            own = [one.payload for one in items if one.payload["collection_id"] == self.collection]
            return own if count in (None, len(own)) else None

        return wait_for(look)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An application that the tests of a module share, on each kind of database."""
    folder = tmp_path_factory.mktemp("feedback") / "data"
    if request.param == "sqlite":
        with running(make_settings(folder)) as application:
            yield House(application)
    else:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        with (
            migrated_postgres(cluster) as url,
            running(make_settings(folder, database_url=url)) as application,
        ):
            yield House(application)


@pytest.fixture
def team(shared: House) -> Team:
    """People and a collection that no other test knows."""
    made = Team(shared, shared.caller, shared.caller, "")
    made.ada, made.ben = made.member("ada"), made.member("ben", "reader")
    made.collection = shared.ask(CreateCollection(name="Post"), made.ada).id
    shared.upload(made.collection, dict(PAGES))
    return made
