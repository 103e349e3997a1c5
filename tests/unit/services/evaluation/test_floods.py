"""Several accounts that do harm together are held, and busy readers, however many, are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from src.services.evaluation.ballots import DAY, HOUR, Ballot
from src.services.evaluation.outliers import Review

NOW = 100 * DAY
ACCOUNTS = [3, 4, 5, 7, 10]


class Crowd:
    """Votes on a collection in which each question has a right passage among ten that are shown."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.ballots: list[Ballot] = []
        self.joined: dict[str, float] = {}

    def join(self, names: Sequence[str], *, age: float) -> Sequence[str]:
        self.joined |= dict.fromkeys(names, NOW - age)
        return names

    def vote(
        self, user: str, question: int, place: int, up: bool, at: float, *, passage: str = "", shown: str = ""
    ) -> str:
        passage = passage or (f"q{question}-p{place}" if place else f"right-{question % 300}")
        made = Ballot(
            f"{user}-{len(self.ballots)}",
            user,
            f"q{question}:{passage}",
            up,
            at,
            shown=shown or f"{user}-{question}-{at}",
            passage=passage,
        )
        self.ballots.append(made)
        return made.id

    def honest(
        self,
        readers: Sequence[str],
        count: int,
        *,
        start: float,
        per_s: float,
        questions: int,
        shares: Sequence[float] = (),
    ) -> None:
        """Busy ones first; up where the right passage is seen, else down, and a tenth of it by mistake."""
        weights = np.array(shares or [(place + 1) ** -0.8 for place in range(len(readers))], float)
        order = self.rng.choice(len(readers), size=count, p=weights / weights.sum())
        for number, reader in enumerate(order):
            right = self.rng.random() < 0.7
            slip = self.rng.random() < 0.1
            place = 0 if right else int(self.rng.integers(1, 4))
            self.vote(
                readers[reader],
                int(self.rng.integers(questions)),
                place,
                bool(right != slip),
                start + number / per_s,
            )

    def flood(self, user: str, *, questions: range, start: float, per_s: float = 5.0) -> list[str]:
        """The opposite of the truth on every entry of many lists."""
        return [
            self.vote(
                user,
                question,
                place,
                place > 0,
                start + (10 * number + place) / per_s,
                shown=f"{user}-{question}",
            )
            for number, question in enumerate(questions)
            for place in range(10)
        ]

    def held(self, since: float = NOW - DAY) -> dict[str, str]:
        return Review(self.ballots, self.joined).held(since)


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def team(seed: int = 0) -> Crowd:
    """Eight readers of long standing, who ask now and then."""
    crowd = Crowd(seed)
    readers = crowd.join(names("known", 8), age=90 * DAY)
    for day in range(1, 15):
        crowd.honest(readers, 20, start=NOW - day * DAY, per_s=0.005, questions=300)
    return crowd


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("readers", "count", "per_s", "questions"),
    [
        (30, 2000, 10.0, 375),
        (30, 2000, 2.0, 40),
        (8, 1500, 5.0, 300),
        (4, 600, 2.0, 60),
        (100, 3000, 20.0, 1500),
    ],
)
def test_readers_of_a_fresh_installation_are_not_held_however_fast(
    readers: int, count: int, per_s: float, questions: int, seed: int
) -> None:
    crowd = Crowd(seed)
    crowd.honest(
        crowd.join(names("s", readers), age=60.0), count, start=NOW, per_s=per_s, questions=questions
    )
    assert crowd.held() == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_reader_at_two_votes_a_second_among_others_who_are_fast_too_is_not_held(seed: int) -> None:
    crowd = Crowd(seed)
    readers = crowd.join(names("s", 10), age=60.0)
    crowd.honest(readers, 1800, start=NOW, per_s=5.0, questions=400, shares=[0.4, *[0.6 / 9] * 9])
    assert crowd.held() == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_team_at_work_and_a_few_new_colleagues_are_not_held(seed: int) -> None:
    crowd = team(seed)
    crowd.honest(names("known", 8), 120, start=NOW - 3 * HOUR, per_s=0.02, questions=300)
    colleagues = crowd.join(names("new", 4), age=DAY)
    crowd.honest(colleagues, 24, start=NOW - 2 * HOUR, per_s=0.01, questions=300)
    assert crowd.held() == {}


@pytest.mark.parametrize("accounts", ACCOUNTS)
@pytest.mark.parametrize("size", [6, 30])
def test_floods_of_new_accounts_in_a_known_team_are_held_whole(accounts: int, size: int) -> None:
    crowd = team()
    made: set[str] = set()
    for number, user in enumerate(crowd.join(names("mallory", accounts), age=HOUR)):
        made |= set(crowd.flood(user, questions=range(size), start=NOW - HOUR + number))
    assert set(crowd.held()) == made


@pytest.mark.parametrize("accounts", ACCOUNTS)
def test_what_each_of_them_might_do_alone_is_held_where_they_do_it_together(accounts: int) -> None:
    """Fifty down-votes on right passages, a few from each: none of them has voted much or out of custom."""
    crowd, made = team(), set()
    users = crowd.join(names("mallory", accounts), age=2 * HOUR)
    for number in range(50):
        user = users[number % accounts]
        made.add(crowd.vote(user, number, 0, False, NOW - HOUR + 20.0 * number))
    assert set(crowd.held()) == made


@pytest.mark.parametrize("accounts", ACCOUNTS)
@pytest.mark.parametrize("readers", [12, 30])
def test_floods_in_a_fresh_installation_are_held_and_its_readers_are_not(accounts: int, readers: int) -> None:
    crowd = Crowd()
    honest = crowd.join(names("s", readers), age=60.0)
    crowd.honest(honest, 1000, start=NOW, per_s=5.0, questions=375)
    made: set[str] = set()
    for number, user in enumerate(crowd.join(names("mallory", accounts), age=60.0)):
        made |= set(crowd.flood(user, questions=range(30), start=NOW + 200 + 60 * number))
    crowd.honest(honest, 1000, start=NOW + 800, per_s=5.0, questions=375)
    assert set(crowd.held(NOW)) == made


@pytest.mark.parametrize("accounts", [2, 3, 10])
def test_accounts_that_push_one_passage_over_and_over_are_held(accounts: int) -> None:
    crowd = Crowd()
    honest = crowd.join(names("s", 12), age=90 * DAY)
    crowd.honest(honest, 400, start=NOW - 2 * HOUR, per_s=0.2, questions=200)
    users = crowd.join(names("old", accounts), age=60 * DAY)
    made = {
        crowd.vote(user, 1000 + number, 9, True, NOW - HOUR + 60.0 * number + place, passage="spam")
        for place, user in enumerate(users)
        for number in range(8)
    }
    assert set(crowd.held()) == made


def test_two_accounts_that_vote_the_same_down_in_the_same_moments_are_held() -> None:
    crowd = Crowd()
    honest = crowd.join(names("s", 12), age=90 * DAY)
    crowd.honest(honest, 400, start=NOW - 2 * HOUR, per_s=0.2, questions=200)
    users = crowd.join(["one", "other"], age=60 * DAY)
    made = {
        crowd.vote(user, 900 + number, 0, False, NOW - HOUR + 300.0 * number + 5.0 * place)
        for number in range(6)
        for place, user in enumerate(users)
    }
    assert set(crowd.held()) == made


def test_a_wave_of_puppets_does_not_make_their_judge_an_outlier() -> None:
    """Ten new accounts vote down what five known readers like: the known ones are not the odd ones."""
    crowd = team()
    for number in range(40):
        for place, user in enumerate(names("known", 5)):
            crowd.vote(user, number, 0, True, NOW - 5 * HOUR + 60.0 * number + place)
    made = {
        crowd.vote(user, number, 0, False, NOW - HOUR + 60.0 * number + place)
        for number in range(40)
        for place, user in enumerate(crowd.join(names("mallory", 10), age=HOUR))
    }
    assert set(crowd.held(NOW - 6 * HOUR)) == made
