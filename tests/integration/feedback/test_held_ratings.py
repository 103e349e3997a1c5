"""A burst of hostile votes moves nothing until somebody has looked at it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from src.core.caller import Caller
from src.core.errors import ForbiddenError
from src.core.messages.feedback import (
    Decision,
    ListFeedback,
    RateHit,
    Rating,
    RatingState,
    ReviewRatings,
    Verdict,
)
from src.database.repositories.feedback import Ratings
from tests.integration.feedback.conftest import Team
from tests.support.application import wait_for

QUESTION = "How long does a parcel to an island take?"
VOTES = 42


@pytest.fixture
def readers(team: Team) -> list[Caller]:
    """Readers who rated a few hits each, as people do."""
    found = [team.member(name) for name in ("cleo", "dana", "emil", "finn")]
    for reader in found:
        vote(team, reader, Verdict.UP, 3)
    return found


def vote(team: Team, reader: Caller, verdict: Verdict, count: int) -> list[str]:
    """Rate that many hits of searches for the same question; the ids of the ratings."""
    made: list[str] = []
    while len(made) < count:
        results = team.search(QUESTION, reader)
        for hit in results.hits[: count - len(made)]:
            request = RateHit(query_id=results.query_id, passage_id=hit.passage_id, verdict=verdict)
            made.append(team.ask(request, reader).id)
    return made


def ratings(team: Team, **how: object) -> list[Rating]:
    return list(team.house.ask(ListFeedback(collection_id=team.collection, limit=500, **how)).items)


def settled(team: Team) -> list[Rating]:
    """All ratings, when each is checked and searches know of it; where many come, a check waits for more."""

    def look() -> tuple[list[Rating]] | None:
        team.quiet()
        found = ratings(team)
        return None if RatingState.NEW in {one.state for one in found} else (found,)

    return wait_for(look)[0]


def ranking(team: Team) -> list[tuple[str, float]]:
    return [(hit.passage_id, round(hit.score, 4)) for hit in team.search(QUESTION, team.ada).hits]


def counted(team: Team) -> set[str]:
    """What may teach anything."""
    with team.house.application.database.read() as work:
        return {record.id for record in Ratings(work.session).counted(team.collection)}


@pytest.mark.usefixtures("readers")
def test_a_burst_is_held_and_moves_nothing(team: Team) -> None:
    settled(team)
    before, taught = ranking(team), counted(team)
    hostile = team.member("mallory")
    made = set(vote(team, hostile, Verdict.DOWN, VOTES))
    found = {one.id: one for one in settled(team)}
    assert {found[id_].state for id_ in made} == {RatingState.HELD}
    assert counted(team) == taught
    assert ranking(team) == before
    reasons = {found[id_].held_reason or "" for id_ in made}
    assert all("within an hour" in reason and reason.endswith(".") for reason in reasons)
    assert {one.id for one in ratings(team, state=RatingState.HELD)} == made
    team.house.ask(ReviewRatings(rating_ids=tuple(made), decision=Decision.RELEASE))
    # Released, they move something.
    wait_for(lambda: ranking(team) != before)


@pytest.mark.usefixtures("readers")
@pytest.mark.parametrize("accounts", [3, 10])
def test_a_flood_of_several_new_accounts_is_held_and_moves_nothing(team: Team, accounts: int) -> None:
    settled(team)
    before, taught = ranking(team), counted(team)
    hostile = [team.member("mallory") for _ in range(accounts)]
    made: set[str] = set()
    for _ in range(11):
        for account in hostile:
            made |= set(vote(team, account, Verdict.DOWN, 3))
    found = {one.id: one for one in settled(team)}
    assert {found[id_].state for id_ in made} == {RatingState.HELD}
    assert counted(team) == taught
    assert ranking(team) == before


@pytest.mark.parametrize("accounts", [3, 10])
def test_a_few_votes_from_each_of_several_new_accounts_move_nothing_in_a_known_team(
    team: Team, readers: list[Caller], accounts: int
) -> None:
    """Together they do what none of them does alone."""
    with team.house.application.database.begin() as work:
        for reader in readers:
            work.users.get(reader.user_id or "").created_at -= timedelta(days=90)
        work.commit()
    settled(team)
    before, taught = ranking(team), counted(team)
    hostile = [team.member("mallory") for _ in range(accounts)]
    made: set[str] = set()
    for number in range(36 // 3):
        made |= set(vote(team, hostile[number % accounts], Verdict.DOWN, 3))
    found = {one.id: one for one in settled(team)}
    assert {found[id_].state for id_ in made} == {RatingState.HELD}
    assert counted(team) == taught
    assert ranking(team) == before


@pytest.mark.usefixtures("readers")
def test_ordinary_readers_are_not_held_beside_a_burst(team: Team) -> None:
    vote(team, team.member("mallory"), Verdict.DOWN, VOTES)
    settled(team)
    late = vote(team, team.ben, Verdict.UP, 3)
    found = {one.id: one for one in settled(team)}
    assert {found[id_].state for id_ in late} == {RatingState.COUNTED}


@pytest.mark.usefixtures("readers")
def test_held_ratings_are_released_or_discarded_by_an_administrator(team: Team) -> None:
    made = vote(team, team.member("mallory"), Verdict.DOWN, VOTES)
    settled(team)
    release = ReviewRatings(rating_ids=(*made[:2], "gone"), decision=Decision.RELEASE)
    for caller in (team.ada, team.ben):
        with pytest.raises(ForbiddenError):
            team.ask(release, caller)
    assert team.house.ask(release).changed == 2
    assert team.house.ask(release).changed == 0
    discard = ReviewRatings(rating_ids=tuple(made[2:]), decision=Decision.DISCARD)
    assert team.house.ask(discard).changed == VOTES - 2
    found = {one.id: one for one in ratings(team)}
    assert {found[id_].state for id_ in made[:2]} == {RatingState.COUNTED}
    assert {found[id_].state for id_ in made[2:]} == {RatingState.DISCARDED}
    assert {found[id_].reviewed_by for id_ in made} == {"admin"}
    reviewed = team.events("rating.reviewed.v1", VOTES)
    assert {(one["decision"], one["by"]) for one in reviewed} == {("release", "admin"), ("discard", "admin")}


@pytest.mark.usefixtures("readers")
def test_what_was_released_is_not_held_again(team: Team) -> None:
    hostile = team.member("eager")
    made = vote(team, hostile, Verdict.UP, VOTES)
    settled(team)
    team.house.ask(ReviewRatings(rating_ids=tuple(made), decision=Decision.RELEASE))
    more = vote(team, hostile, Verdict.UP, 3)
    found = {one.id: one for one in settled(team)}
    assert {found[id_].state for id_ in (*made, *more)} == {RatingState.COUNTED}


@pytest.mark.usefixtures("readers")
def test_a_changed_vote_does_not_slip_past_a_decision(team: Team) -> None:
    hostile = team.member("mallory")
    results = team.search(QUESTION, hostile)
    hit = results.hits[0].passage_id

    def rate(verdict: Verdict) -> Rating:
        request = RateHit(query_id=results.query_id, passage_id=hit, verdict=verdict)
        rated: Rating = team.ask(request, hostile)
        return rated

    first = rate(Verdict.DOWN)
    settled(team)
    team.house.ask(ReviewRatings(rating_ids=(first.id,), decision=Decision.DISCARD))
    assert rate(Verdict.DOWN).state is RatingState.DISCARDED
    changed = rate(Verdict.UP)
    assert changed.state is RatingState.HELD
    assert "discarded" in str(changed.held_reason)
