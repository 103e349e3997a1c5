"""Votes as their review sees them, and what is usual among readers."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

HOUR, DAY = 3600.0, 86400.0


@dataclass(frozen=True)
class Ballot:
    """A vote as the review sees it. ``target`` is what was judged (a passage for a question, an answer);
    ``at`` is in seconds since the epoch. ``group`` names the readers who were shown the same where others
    were not, as the arm of a comparison: they are compared with each other. ``shown`` is the list
    that the voter was shown, ``passage`` what of it was judged; empty where they are not known."""

    id: str
    user: str
    target: str
    up: bool
    at: float
    group: str = ""
    shown: str = ""
    passage: str = ""


@dataclass(frozen=True)
class Limits:
    """When a vote is unusual. Rare events go by ``chance``, the probability of seeing them by accident.

    - ``burst``: votes of one reader in an hour, and ``factor`` times what is usual; ``most_factor`` times
      what the third of the others votes; ``wide_factor`` times what is usual for one who votes on ``wide``
      or more entries of a list where others vote on one or two;
    - ``streak``: votes from which a share of down-votes, or of contradictions, is judged; ``few`` are enough
      to tell what a reader votes on;
    - ``crowd``: accounts younger than ``young_s`` that act alike;
    - ``pair``: objects that two accounts vote down within ``moment_s`` of each other;
    - ``peers``: readers from which on there is something usual to compare with.
    """

    burst: int = 30
    factor: float = 8.0
    most_factor: float = 4.0
    wide: float = 4.0
    wide_factor: float = 2.0
    streak: int = 15
    few: int = 5
    chance: float = 1e-4
    crowd: int = 5
    young_s: float = 7 * DAY
    pair: int = 5
    moment_s: float = 60.0
    peers: int = 3


@dataclass(frozen=True)
class Voice:
    """Whose votes are judged as one: a reader, or all new accounts together."""

    who: str
    users: frozenset[str]
    recent: Sequence[Ballot]
    past: Sequence[Ballot]


def by_user(ballots: Iterable[Ballot]) -> dict[str, list[Ballot]]:
    return _grouped((ballot.user, ballot) for ballot in ballots)


def by_group(ballots: Iterable[Ballot]) -> dict[str, list[Ballot]]:
    return _grouped((ballot.group, ballot) for ballot in ballots)


def by_target(ballots: Iterable[Ballot]) -> dict[str, list[Ballot]]:
    return _grouped((ballot.target, ballot) for ballot in ballots)


def by_passage(ballots: Iterable[Ballot]) -> dict[str, list[Ballot]]:
    return _grouped((ballot.passage, ballot) for ballot in ballots if ballot.passage)


def _grouped(pairs: Iterable[tuple[str, Ballot]]) -> dict[str, list[Ballot]]:
    groups: dict[str, list[Ballot]] = defaultdict(list)
    for key, ballot in pairs:
        groups[key].append(ballot)
    return groups


def busiest_hour(ballots: Sequence[Ballot]) -> int:
    """Most votes in any hour; their times rise."""
    times = [ballot.at for ballot in ballots]
    return max((last - bisect_right(times, at - HOUR) + 1 for last, at in enumerate(times)), default=0)


def down_share(ballots: Sequence[Ballot]) -> float:
    return sum(not ballot.up for ballot in ballots) / len(ballots) if ballots else 0.0


def votes_a_list(ballots: Sequence[Ballot]) -> float:
    """Votes on each list on average; 0 where the lists are not known."""
    shown = Counter(ballot.shown for ballot in ballots if ballot.shown)
    return shown.total() / len(shown) if shown else 0.0


def usual_down_share(
    readers: Mapping[str, Sequence[Ballot]], but: Collection[str], limits: Limits, *, group: str = ""
) -> float:
    """The share of a reader in the middle, so that those who vote most, or in concert, do not make their own
    measure; of all votes where few readers have voted enough to tell."""
    others = [
        [ballot for ballot in votes if ballot.group == group]
        for user, votes in readers.items()
        if user not in but
    ]
    known = [down_share(votes) for votes in others if len(votes) >= limits.few]
    if len(known) >= limits.peers:
        return median(known)
    return down_share([ballot for votes in others for ballot in votes])
