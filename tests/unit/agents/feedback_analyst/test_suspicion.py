"""Which votes are judged, by what they are measured, and what is said of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from src.agents.feedback_analyst.suspicion import suspects
from src.core.clock import SystemClock, new_id
from src.database.models import CollectionRecord, RatingRecord, UserRecord
from src.database.uow import Database
from tests.support.databases import migrated_sqlite

BURST = 45


class Votes:
    """A database of votes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = database.clock.now()

    def reader(self, name: str, age: timedelta = timedelta(days=90)) -> str:
        joined = self.now - age
        with self.database.begin() as work:
            record = UserRecord(
                id=new_id(), username=name, name_key=name, password_hash="", password_set_at=joined, roles=[]
            )
            record.created_at = joined
            work.session.add(record)
            work.commit()
        return record.id

    def add(self, user: str, count: int, *, ago: timedelta, up: bool = True, **columns: object) -> set[str]:
        made = set()
        with self.database.begin() as work:
            for number in range(count):
                at: datetime = self.now - ago + timedelta(seconds=number)
                record = RatingRecord(
                    id=new_id(),
                    user_id=user,
                    object_key=new_id(),
                    kind="hit",
                    search_id=new_id(),
                    question="Why?",
                    question_key=new_id(),
                    content_key=new_id(),
                    verdict="up" if up else "down",
                    reasons=[],
                    state="counted",
                    created_at=at,
                    updated_at=at,
                )
                for name, value in columns.items():
                    setattr(record, name, value)
                work.session.add(record)
                made.add(record.id)
            work.commit()
        return made

    def suspects(self) -> dict[str, str]:
        with self.database.read() as work:
            return suspects(work, self.now)


@pytest.fixture
def votes(tmp_path: Path) -> Votes:
    database = Database(migrated_sqlite(tmp_path), SystemClock())
    made = Votes(database)
    for name in ("ada", "ben", "cleo", "dana"):
        made.add(made.reader(name), 4, ago=timedelta(hours=5))
    return made


def test_a_burst_is_named_in_a_sentence_and_the_others_are_left_alone(votes: Votes) -> None:
    made = votes.add(votes.reader("mallory"), BURST, ago=timedelta(hours=1))
    found = votes.suspects()
    assert set(found) == made
    assert all(reason[0].isdigit() and reason.endswith("pass.") for reason in found.values())


@pytest.mark.parametrize("state", ["held", "discarded"])
def test_what_is_held_or_discarded_still_tells_of_its_readers_last_day(votes: Votes, state: str) -> None:
    mallory = votes.reader("mallory")
    votes.add(mallory, BURST, ago=timedelta(minutes=40), state=state)
    more = votes.add(mallory, 2, ago=timedelta(minutes=10), state="new")
    assert more <= set(votes.suspects())


def test_one_held_burst_does_not_make_the_next_ones_usual(votes: Votes) -> None:
    for name in ("mallory", "trudy"):
        votes.add(votes.reader(name), BURST, ago=timedelta(minutes=40), state="held")
    late = votes.add(votes.reader("oscar"), BURST, ago=timedelta(minutes=30), state="new")
    assert set(votes.suspects()) == late


def test_what_was_released_is_judged_no_more(votes: Votes) -> None:
    mallory = votes.reader("mallory")
    votes.add(mallory, BURST, ago=timedelta(minutes=40), reviewed_by="admin")
    votes.add(mallory, 2, ago=timedelta(minutes=10))
    assert votes.suspects() == {}


def test_what_was_discarded_is_no_measure_of_what_is_usual(votes: Votes) -> None:
    mallory = votes.reader("mallory")
    for day in (3, 4, 5, 6):
        votes.add(mallory, BURST, ago=timedelta(days=day), state="discarded", reviewed_by="admin")
    made = votes.add(mallory, BURST, ago=timedelta(hours=1))
    assert set(votes.suspects()) == made


def test_a_crowd_of_new_accounts_is_named_without_the_key_of_what_it_voted_on(votes: Votes) -> None:
    made: set[str] = set()
    for number in range(6):
        crowd = votes.reader(f"new-{number}", timedelta(hours=2))
        one = {"question_key": "q", "content_key": "c"}
        made |= votes.add(crowd, 1, ago=timedelta(minutes=30), up=False, **one)
    found = votes.suspects()
    assert set(found) == made
    assert set(found.values()) == {"6 new accounts voted alike on the same object."}


def test_what_is_held_of_new_accounts_tells_of_the_next_ones_and_of_no_known_reader(votes: Votes) -> None:
    """Puppets whose first burst is held go on, each with a few votes more."""
    puppets = [votes.reader(f"puppet{number}", timedelta(hours=2)) for number in range(5)]
    for puppet in puppets:
        votes.add(puppet, 9, ago=timedelta(minutes=50), state="held", held_reason="Looked odd.")
    late = set()
    for puppet in puppets[:3]:
        late |= votes.add(puppet, 2, ago=timedelta(minutes=10), up=False, state="new")
    honest = votes.add(votes.reader("emil"), 3, ago=timedelta(minutes=9), state="new")
    found = votes.suspects()
    assert late <= found.keys()
    assert not honest & found.keys()
    assert {found[id_] for id_ in late} == {
        "51 votes of 5 new accounts within an hour; usual are 4 and up to 32 pass."
    }


def test_each_collection_has_customs_of_its_own(votes: Votes) -> None:
    """A collection whose readers are all new and fast is not measured by another one's."""
    home = new_id()
    with votes.database.begin() as work:
        now = work.now()
        work.session.add(
            CollectionRecord(
                id=home, name="Fast", description="", visibility="team", created_at=now, updated_at=now
            )
        )
        work.commit()
    for number in range(5):
        votes.add(
            votes.reader(f"fast{number}", timedelta(hours=1)),
            50,
            ago=timedelta(minutes=40),
            collection_id=home,
        )
    assert votes.suspects() == {}
    alone = votes.add(votes.reader("alone"), BURST, ago=timedelta(hours=1))
    assert votes.suspects().keys() == alone
