"""A collection whose readers prefer what is named for the thing over what only mentions it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from pydantic import SecretStr

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.messages.accounts import CreateUser, SignIn
from src.core.messages.collections import CreateCollection
from src.core.messages.console import ListAgents
from src.core.messages.documents import ImportDocuments
from src.core.messages.feedback import ListFeedback, RateHit, RatingState, Verdict
from src.core.messages.questions import Search
from tests.support.application import House, wait_for

_PASSWORD = SecretStr("a long enough one")
_VERBS = ("clean", "repair", "order", "store", "paint", "ship", "measure", "label")
_THINGS = (
    "kettle",
    "ladder",
    "anchor",
    "lantern",
    "barrel",
    "compass",
    "hammer",
    "saddle",
    "violin",
    "anvil",
)
TOPICS = tuple(f"{verb} {thing}" for thing, verb in product(_THINGS, _VERBS))


@dataclass
class School:
    """A collection with two documents for each topic: ``manual`` bears it as its title, ``diary`` speaks of
    it more often. Readers vote for the manual."""

    house: House
    topics: int = 70
    owner: Caller = field(init=False)
    readers: tuple[Caller, ...] = field(init=False)
    collection_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.owner = self.person("owner")
        self.readers = tuple(self.person(f"reader{number}") for number in range(3))
        self.collection_id = self.house.ask(CreateCollection(name="Workshop"), self.owner).id
        lines = [line for topic in TOPICS[: self.topics] for line in _documents(topic)]
        self.add(lines)

    def person(self, name: str, *roles: str) -> Caller:
        name = f"{name}-{new_id()[-8:]}"
        self.house.ask(CreateUser(username=name, password=_PASSWORD, roles=roles))
        user = self.house.ask(SignIn(username=name, password=_PASSWORD), Caller.anonymous())
        return Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))

    def add(self, lines: Sequence[dict[str, Any]]) -> None:
        body = "\n".join(json.dumps(line) for line in lines).encode()
        accepted = self.house.ask(ImportDocuments(collection_id=self.collection_id, body=body), self.owner)
        self.house.finished(accepted.job_id)

    def vote(self, topics: Sequence[str], *, question: str = "How do I {} correctly?") -> list[str]:
        """Readers in turn ask about each topic and vote for its manual; the ids of the ratings, once they
        count."""
        given = []
        for number, topic in enumerate(topics):
            reader = self.readers[number % len(self.readers)]
            search = Search(query=question.format(topic), collection_ids=(self.collection_id,), k=20)
            found = self.house.ask(search, reader)
            hit = next((hit for hit in found.hits if hit.external_id == f"manual {topic}"), None)
            if hit is not None:
                rate = RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP)
                given.append(self.house.ask(rate, reader).id)
        wait_for(lambda: self._counted() >= set(given), timeout_s=60.0)
        return given

    def quiet(self) -> None:
        """Wait until no agent has anything to do."""
        wait_for(
            lambda: not any(agent.backlog for agent in self.house.ask(ListAgents()).items), timeout_s=60.0
        )

    def _counted(self) -> set[str]:
        listed = self.house.ask(
            ListFeedback(collection_id=self.collection_id, state=RatingState.COUNTED, limit=500)
        )
        return {rating.id for rating in listed.items}


def _documents(topic: str) -> list[dict[str, Any]]:
    verb, thing = topic.split()
    others = [other for other in _VERBS if other != verb][:3]
    return [
        {
            "external_id": f"manual {topic}",
            "title": f"How to {verb} a {thing}",
            "text": f"Take the {thing} to the bench, follow the chart beside the door, and let somebody "
            f"look over it before it goes back.",
        },
        {
            "external_id": f"diary {topic}",
            "title": f"Diary of {len(topic)} {others[0]} {others[1]}",
            "text": f"Today we asked how to {verb} the {thing} correctly. To {verb} a {thing} is dull: I "
            f"{verb} one {thing}, then you {verb} the other {thing}, and nobody knows how to {verb} it.",
        },
    ]
