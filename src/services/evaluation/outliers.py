"""Votes that are held until somebody has looked at them, each with the reason in words."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from .normal import binomial_tail

HOUR, DAY = 3600.0, 86400.0

_AGREED = 0.75


@dataclass(frozen=True)
class Ballot:
    """A vote as the review sees it. ``target`` is what was judged (a passage for a question, an answer);
    ``at`` is in seconds since the epoch. ``group`` names the readers who were shown the same where others
    were not, as the arm of a comparison: they are compared with each other."""

    id: str
    user: str
    target: str
    up: bool
    at: float
    group: str = ""


@dataclass(frozen=True)
class Limits:
    """When a vote is unusual. Rare events go by ``chance``, the probability of seeing them by accident.

    - ``burst``: votes of one reader in an hour, and ``factor`` times what is usual;
    - ``streak``: votes from which a share of down-votes, or of contradictions, is judged;
    - ``crowd``: accounts younger than ``young_s`` that act alike.
    """

    burst: int = 30
    factor: float = 8.0
    streak: int = 15
    chance: float = 1e-4
    crowd: int = 5
    young_s: float = 7 * DAY
    peers: int = 3


class Review:
    """Compares the votes since a time with what the reader, and the other readers, did before and beside.

    Everybody being fast is no outlier, as after an announcement or in a load test: a reader is compared
    with the busiest hours of the busier others (their upper quartile), since some always vote the most.
    Where nothing is known to compare with, nothing is held; the shares of ``Shares`` then still keep one
    reader from deciding.
    """

    def __init__(
        self, ballots: Sequence[Ballot], joined: Mapping[str, float], limits: Limits | None = None
    ) -> None:
        """``ballots`` of the last weeks in any order, held ones left out of the past; ``joined`` is when each
        account was made (seconds)."""
        self._ballots = sorted(ballots, key=lambda ballot: ballot.at)
        self._joined = joined
        self._limits = limits or Limits()
        self._by_user: dict[str, list[Ballot]] = defaultdict(list)
        for ballot in self._ballots:
            self._by_user[ballot.user].append(ballot)

    def held(self, since: float) -> dict[str, str]:
        """Ids of the votes from ``since`` on that should wait, with the first reason that applies."""
        recent = [ballot for ballot in self._ballots if ballot.at >= since]
        found: dict[str, str] = {}
        for rule in (self._bursts, self._streaks, self._contradictions, self._crowds):
            for id_, reason in rule(recent, since).items():
                found.setdefault(id_, reason)
        return found

    def _bursts(self, recent: Sequence[Ballot], since: float) -> dict[str, str]:
        held: dict[str, str] = {}
        busiest = {user: _busiest_hour([b.at for b in votes]) for user, votes in self._by_user.items()}
        for user, votes in _grouped(recent).items():
            past = Counter(int(b.at // HOUR) for b in self._by_user[user] if b.at < since)
            others = [busy for other, busy in busiest.items() if other != user]
            known = [median(past.values())] if len(past) >= self._limits.peers else []
            known += [quantiles(others, n=4)[2]] if len(others) >= self._limits.peers else []
            if not known:
                continue
            limit = max(float(self._limits.burst), self._limits.factor * max(known))
            times = [b.at for b in votes]
            for last, ballot in enumerate(votes):
                first = bisect_right(times, ballot.at - HOUR)
                if last - first + 1 > limit:
                    reason = (
                        f"{last - first + 1} votes of this reader within an hour; usual are {max(known):.0f} "
                        f"and up to {limit:.0f} pass"
                    )
                    held |= {b.id: reason for b in votes[first : last + 1]}
        return held

    def _streaks(self, recent: Sequence[Ballot], since: float) -> dict[str, str]:
        held: dict[str, str] = {}
        for (user, group), votes in _by_group(recent).items():
            others = [b for b in self._ballots if b.user != user and b.group == group]
            if len(votes) < self._limits.streak or len(others) < 2 * self._limits.streak:
                continue
            past = [b for b in self._by_user[user] if b.at < since and b.group == group]
            usual = _down_share(others)
            if len(past) >= self._limits.streak:
                usual = max(usual, _down_share(past))
            downs = [b for b in votes if not b.up]
            if binomial_tail(len(downs), len(votes), min(0.95, max(0.05, usual))) < self._limits.chance:
                reason = f"{len(downs)} of this reader's {len(votes)} votes are down; usual is {usual:.0%}"
                held |= {b.id: reason for b in downs}
        return held

    def _contradictions(self, recent: Sequence[Ballot], since: float) -> dict[str, str]:
        del since
        against, judged = self._against_the_others()
        everyone, total = sum(map(len, against.values())), sum(judged.values())
        held: dict[str, str] = {}
        for user, votes in _grouped(recent).items():
            mine, n = len(against[user]), judged[user]
            rest = total - n
            if n < self._limits.streak or rest < self._limits.streak:
                continue
            usual = (everyone - mine) / rest
            if binomial_tail(mine, n, min(0.95, max(0.1, usual))) < self._limits.chance:
                reason = (
                    f"this reader contradicts the others in {mine} of {n} verdicts that others agree on; "
                    f"usual is {usual:.0%}"
                )
                held |= {b.id: reason for b in votes}
        return held

    def _against_the_others(self) -> tuple[dict[str, list[Ballot]], Counter[str]]:
        """For each reader the votes against what at least two others, and three in four of them, say of the
        same target, and how many votes fell on such targets."""
        against: dict[str, list[Ballot]] = defaultdict(list)
        judged: Counter[str] = Counter()
        for votes in _grouped(self._ballots, by="target").values():
            latest = {b.user: b for b in votes}
            ups = sum(b.up for b in latest.values())
            for ballot in latest.values():
                for_up, others = ups - ballot.up, len(latest) - 1
                if others >= 2 and max(for_up, others - for_up) >= _AGREED * others:
                    judged[ballot.user] += 1
                    if ballot.up != (2 * for_up > others):
                        against[ballot.user].append(ballot)
        return against, judged

    def _crowds(self, recent: Sequence[Ballot], since: float) -> dict[str, str]:
        del since
        held: dict[str, str] = {}
        established = {b.user for b in self._ballots if not self._young(b)}
        if len(established) < self._limits.peers:
            return held
        young = [b for b in recent if self._young(b)]
        for target, votes in _grouped(young, by="target").items():
            for up in (True, False):
                alike = [b for b in votes if b.up is up]
                accounts = {b.user for b in alike}
                if len(accounts) >= self._limits.crowd:
                    reason = f"{len(accounts)} new accounts voted alike on the same object ({target})"
                    held |= {b.id: reason for b in alike}
        accounts = {b.user for b in young}
        if len(accounts) >= max(self._limits.crowd, len(established)):
            reason = (
                f"{len(accounts)} new accounts voted in a short time, against {len(established)} readers "
                "known before"
            )
            held |= {b.id: reason for b in young if b.id not in held}
        return held

    def _young(self, ballot: Ballot) -> bool:
        return ballot.at - self._joined.get(ballot.user, ballot.at) < self._limits.young_s


def _grouped(ballots: Sequence[Ballot], by: str = "user") -> dict[str, list[Ballot]]:
    groups: dict[str, list[Ballot]] = defaultdict(list)
    for ballot in ballots:
        groups[ballot.user if by == "user" else ballot.target].append(ballot)
    return groups


def _by_group(ballots: Sequence[Ballot]) -> dict[tuple[str, str], list[Ballot]]:
    groups: dict[tuple[str, str], list[Ballot]] = defaultdict(list)
    for ballot in ballots:
        groups[ballot.user, ballot.group].append(ballot)
    return groups


def _busiest_hour(times: Sequence[float]) -> int:
    """Most votes in any hour; ``times`` rise."""
    return max((last - bisect_right(times, at - HOUR) + 1 for last, at in enumerate(times)), default=0)


def _down_share(ballots: Sequence[Ballot]) -> float:
    return sum(not b.up for b in ballots) / len(ballots) if ballots else 0.0
