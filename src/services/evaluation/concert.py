"""What several accounts do together that each of them might do alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median

from .ballots import Ballot, Limits, by_passage, by_target, by_user
from .normal import binomial_tail


def crowds(young: Sequence[Ballot], established: int, limits: Limits) -> dict[str, str]:
    """New accounts that vote alike on one object, or come in a wave."""
    held: dict[str, str] = {}
    for target, votes in by_target(young).items():
        for up in (True, False):
            alike = [ballot for ballot in votes if ballot.up is up]
            accounts = {ballot.user for ballot in alike}
            if len(accounts) >= limits.crowd:
                reason = f"{len(accounts)} new accounts voted alike on the same object ({target})"
                held |= {ballot.id: reason for ballot in alike}
    accounts = {ballot.user for ballot in young}
    if len(accounts) >= max(limits.crowd, established):
        reason = (
            f"{len(accounts)} new accounts voted in a short time, against {established} readers known before"
        )
        held |= {ballot.id: reason for ballot in young if ballot.id not in held}
    return held


def lockstep(
    recent: Sequence[Ballot], readers: Mapping[str, Sequence[Ballot]], limits: Limits
) -> dict[str, str]:
    """Pairs of accounts that vote the same objects down in the same moments, where that is half of what each
    of them votes. Readers who ask the same popular questions vote up together, but seldom down; what half
    of the ``readers`` vote down is bad."""
    common: dict[tuple[str, str], set[str]] = defaultdict(set)
    for votes in by_target(ballot for ballot in recent if not ballot.up).values():
        if 2 * len({ballot.user for ballot in votes} & readers.keys()) >= len(readers):
            continue
        for one, other in combinations(sorted(votes, key=lambda ballot: ballot.user), 2):
            if one.user != other.user and abs(one.at - other.at) <= limits.moment_s:
                common[one.user, other.user] |= {one.id, other.id}
    own = Counter(ballot.user for ballot in recent)
    user_of = {ballot.id: ballot.user for ballot in recent}
    held: dict[str, str] = {}
    for pair, ids in common.items():
        mine = Counter(user_of[id_] for id_ in ids)
        if all(mine[user] >= limits.pair and 2 * mine[user] >= own[user] for user in pair):
            reason = f"this reader and another voted {mine[pair[0]]} objects down in the same moments"
            held |= dict.fromkeys(sorted(ids), reason)
    return held


def campaigns(
    recent: Sequence[Ballot], readers: Mapping[str, Sequence[Ballot]], limits: Limits
) -> dict[str, str]:
    """Accounts that vote on one passage over and over, whatever they ask, where another one does the same."""
    own = Counter(ballot.user for ballot in recent)
    known = {user: votes for user, votes in readers.items() if len(votes) >= limits.few}
    held: dict[str, str] = {}
    for passage, votes in by_passage(recent).items():
        suspects = {user: found for user, found in by_user(votes).items() if len(found) >= limits.few}
        if len(suspects) < 2:
            continue
        shares = [
            sum(ballot.passage == passage for ballot in theirs) / len(theirs) for theirs in known.values()
        ]
        if len(shares) - len(suspects) < limits.peers:
            continue
        usual = min(0.95, max(0.1, median(shares)))
        found = {
            user: theirs
            for user, theirs in suspects.items()
            if binomial_tail(len(theirs), own[user], usual) < limits.chance
        }
        if len(found) >= 2:
            reason = f"{len(found)} accounts voted on one passage over and over"
            held |= {ballot.id: reason for theirs in found.values() for ballot in theirs}
    return held
