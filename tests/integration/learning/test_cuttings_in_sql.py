"""What a switch to another cutting changes in SQL, and what counts at which place, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from src.core.clock import new_id
from src.core.passages import CONFIGURED
from src.database.models import (
    CounterpartRecord,
    CutRecord,
    PassageRecord,
    RatingRecord,
    UserRecord,
)
from src.database.repositories.counterparts import drop_unvoted
from src.database.repositories.votes import passages_with
from src.database.uow import Database
from src.services import registry
from src.services.indexing.counterparts import complete
from src.services.indexing.switching import switch
from tests.support.cuttings import LARGE_EACH, SMALL, collection, document, passages, rating
from tests.support.rankers import begin_trial

DOCUMENTS, SMALL_EACH = 1000, 25


def test_a_switch_takes_thousands_of_documents_along_at_once_and_back(database: Database) -> None:
    with database.begin() as work:
        of = collection(work)
        for number in range(DOCUMENTS):
            document(work, of, number)
        work.session.flush()
        ids = [f"d{number:05}" for number in range(DOCUMENTS)]
        work.passages.add_all(
            [
                row
                for n, key in enumerate(ids)
                for row in passages(key, of, CONFIGURED, LARGE_EACH, f"{n:064}")
            ]
        )
        work.passages.add_all(
            [row for key in ids[1:] for row in passages(key, of, SMALL, SMALL_EACH, "s" * 64)]
        )
        work.cuts.note(ids[0], SMALL, "s" * 64, 0, ("too_many_passages", "Too many."))
        work.session.add_all(
            CutRecord(document_id=key, cutting=SMALL, version="s" * 64, passages=SMALL_EACH)
            for key in ids[1:]
        )
        work.commit()
    for cutting, count, lost in ((SMALL, SMALL_EACH, 1), (CONFIGURED, LARGE_EACH, 0)) * 2:
        with database.begin() as work:
            work.collections.hold(of, alone=True)
            standby = work.indexes.standby(of)
            assert standby is not None
            switch(work, standby)
            work.commit()
        with database.read() as reading:
            assert reading.collections.get(of).cutting == cutting
            assert reading.passages.searched_count(of) == (DOCUMENTS - lost) * count
            assert reading.collections.passages([of]) == {of: (DOCUMENTS - lost) * count}
            assert [record.id for record in reading.documents.failed(of)] == ids[:lost]
            assert len(list(reading.documents.searched(of))) == DOCUMENTS - lost


def voted_on(database: Database) -> tuple[str, str]:
    """A collection, and its document, which is cut in two ways; a vote is on its second large passage."""
    with database.begin() as work:
        of = collection(work)
        key = document(work, of, 0)
        user = UserRecord(
            id=new_id(), username="u", name_key="u", password_hash="-", roles=[], created_at=work.now()
        )
        user.password_set_at = work.now()
        work.users.add(user)
        work.session.flush()
        work.passages.add_all(passages(key, of, CONFIGURED, 5, "0" * 64))
        work.passages.add_all(passages(key, of, SMALL, 25, "s" * 64))
        work.session.add(rating(work, user.id, of, f"{key}-{CONFIGURED}-1"))
        work.commit()
    return of, key


def test_a_vote_stands_for_what_is_there_now_and_for_nothing_that_was(database: Database) -> None:
    of, key = voted_on(database)
    with database.begin() as work:
        assert complete(work, of)
        work.commit()
    assert len(counterparts(database, SMALL)) == 5
    with database.begin() as work:
        work.passages.drop_cut([key], SMALL)
        again = passages(key, of, SMALL, 10, "t" * 64)  # as another release cuts it
        work.passages.add_all([row | {"embedding_key": f"again-{row['ordinal']}"} for row in again])
        work.session.flush()
        assert complete(work, of)
        work.commit()
    assert counterparts(database, SMALL) == ["again-2", "again-3"]
    with database.begin() as work:
        (row,) = (one for one in passages(key, of, SMALL, 5, "u" * 64) if one["ordinal"] == 1)
        work.passages.add_all([row | {"id": "itself", "embedding_key": f"{key}-{CONFIGURED}-1"}])
        work.session.flush()
        assert complete(work, of)
        assert not complete(work, of)
        work.commit()
    assert counterparts(database, SMALL) == [], "it stands there itself"


def test_a_vote_stands_for_what_is_at_its_place_in_each_cutting_also_when_the_first_is_gone(
    database: Database,
) -> None:
    of, key = voted_on(database)
    with database.begin() as work:
        assert complete(work, of)
        assert not complete(work, of), "nothing is lacking any more"
        work.commit()
    assert counterparts(database, SMALL) == [f"{key}-{SMALL}-{n}" for n in range(5, 10)]
    with database.read() as reading:
        found = counterparts(database, SMALL)
        assert passages_with(reading.session, of, SMALL, found) != []
        assert passages_with(reading.session, of, None, found) == []
    # The cutting that was voted on goes; a third one comes, and is reached by way of the second.
    third = "96-tokens"
    with database.begin() as work:
        work.passages.drop_cutting(of, CONFIGURED)
        for index in work.indexes.of(of):
            index.cutting = SMALL if index.state == "live" else third
        work.collections.get(of).cutting = SMALL
        work.passages.add_all(passages(key, of, third, 10, "t" * 64))
        work.session.flush()
        assert complete(work, of)
        work.commit()
    assert counterparts(database, third) == [f"{key}-{third}-{n}" for n in (2, 3)]
    with database.begin() as work:
        for record in work.session.scalars(select(RatingRecord)):
            work.session.delete(record)
        work.session.flush()
        assert drop_unvoted(work.session)
        work.commit()
    assert counterparts(database, third) == counterparts(database, SMALL) == []


def counterparts(database: Database, cutting: str) -> list[str]:
    with database.read() as work:
        query = select(CounterpartRecord.counterpart_key).where(CounterpartRecord.cutting == cutting)
        found = list(work.session.scalars(query))
    return sorted(found, key=lambda key: int(key.rpartition("-")[2]))


def test_what_cannot_be_cut_is_listed_page_by_page_with_its_reason(database: Database) -> None:
    with database.begin() as work:
        of = collection(work)
        for number in range(5):
            document(work, of, number)
        work.session.flush()
        for number in range(5):
            error = ("too_large", f"{number} is too large.") if number else None
            work.cuts.note(f"d{number:05}", SMALL, "s" * 64, 0, error)
        work.commit()
    told: list[str | None] = []
    cursor: str | None = None
    with database.read() as reading:
        for left in (2, 0):
            rows, cursor = reading.cuts.failures(of, SMALL, limit=2, cursor=cursor)
            told += [cut.error_detail for _, cut in rows]
            assert (cursor is not None) == (left > 0)
        assert reading.cuts.failures(of, CONFIGURED, limit=2, cursor=None) == ([], None)
    assert told == [f"{number} is too large." for number in range(1, 5)]


@pytest.mark.parametrize("cutting", [CONFIGURED, SMALL])
def test_a_deleted_document_leaves_nothing_in_any_cutting(database: Database, cutting: str) -> None:
    with database.begin() as work:
        of = collection(work)
        key = document(work, of, 0)
        work.session.flush()
        for name in (CONFIGURED, SMALL):
            work.passages.add_all(passages(key, of, name, 5, "0" * 64))
        work.cuts.note(key, cutting, "0" * 64, 5)
        work.commit()
    with database.begin() as work:
        work.documents.delete(work.documents.get(key))
        work.commit()
    with database.read() as reading:
        assert reading.session.scalars(select(PassageRecord)).all() == []
        assert reading.session.scalars(select(CutRecord)).all() == []


def test_each_question_about_passages_is_about_one_cutting(database: Database) -> None:
    with database.begin() as work:
        of = collection(work)
        key = document(work, of, 0)
        work.session.flush()
        work.passages.add_all(passages(key, of, CONFIGURED, 5, "0" * 64))
        work.passages.add_all(passages(key, of, SMALL, 10, "s" * 64))
        work.cuts.note(key, SMALL, "s" * 64, 10)
        candidate = registry.register(
            work, of, kind=registry.CHUNKER, state="trial", card={}, by="a", reason="b", cutting=SMALL
        )
        live = registry.live_model(work, of)
        begin_trial(work, live.id, candidate.id)
        work.commit()
    with database.read() as reading:
        found = reading.passages
        counts = {
            cutting: {
                found.live_count(of, cutting),
                len(found.live_ids(of, cutting)),
                len(found.wanted_ids(of, cutting)),
                len(found.live_after(of, cutting, "", 100)),
            }
            for cutting in (CONFIGURED, SMALL)
        }
        assert counts == {CONFIGURED: {5}, SMALL: {10}}
        assert (found.searched_count(of), found.any_searched(of)) == (5, True)
        page, _ = found.page(key, limit=100, cursor=None)
        assert {passage.cutting for passage in page} == {CONFIGURED}
        assert len(found.live_of(key)) == 15
        large = found.mean_length(of)
        (index,) = reading.searching.live_indexes([of])
        standby = reading.indexes.ranked_by(candidate)
        assert standby is not None
        assert (index.cutting, index.treatment_cutting, index.tried_beside) == (CONFIGURED, SMALL, True)
        assert (index.treatment_index, standby.cutting) == (standby.id, SMALL)
        assert reading.models.needed_versions() == {(of, None, SMALL)}
        assert [one.version for one in reading.cuts.standing(of, SMALL)] == ["s" * 64]
        assert [one.version for one in reading.cuts.standing(of, "other")] == [None]
        assert (reading.cuts.held(), reading.cuts.failed(of, SMALL)) == ([(of, SMALL)], 0)
    with database.begin() as work:
        registry.promote(work, work.models.get(candidate.id), by="a", reason="b", evidence={})
        work.commit()
    with database.read() as reading:
        assert reading.passages.mean_length(of) < large
        assert {passage.cutting for passage in reading.passages.page(key, limit=9, cursor=None)[0]} == {SMALL}
        assert reading.models.get(live.id).cutting == CONFIGURED, "it keeps what it ranked"
        before = reading.indexes.ranked_by(reading.models.get(live.id))
        assert before is not None
        assert (before.cutting, before.state) == (CONFIGURED, "standby")
    with database.begin() as work:
        registry.roll_back(work, work.models.get(candidate.id), by="a", reason="b", evidence={})
        work.passages.drop_cut(work.cuts.forget(of, SMALL, 7), SMALL)
        work.commit()
    with database.read() as reading:
        assert reading.collections.get(of).cutting == CONFIGURED
        assert reading.models.get(live.id).cutting is None, "and ranks whichever is live again"
        assert (reading.cuts.held(), reading.passages.live_count(of, SMALL)) == ([], 0)
