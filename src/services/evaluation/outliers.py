"""Votes that are held until somebody has looked at them, each with the reason in words."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import median, quantiles

from .ballots import (
    DAY,
    HOUR,
    Ballot,
    Limits,
    Voice,
    busiest_hour,
    by_group,
    by_target,
    by_user,
    down_share,
    usual_down_share,
    votes_a_list,
)
from .concert import campaigns, crowds, lockstep
from .normal import binomial_tail

__all__ = ["DAY", "HOUR", "Ballot", "Limits", "Review"]

_AGREED = 0.75
_SLACK = 0.1


class Review:
    """Compares the votes on one collection since a time with what the reader, and the other readers, did
    before and beside.

    Everybody being fast is no outlier, as after an announcement or in a load test: a reader is compared
    with the busiest hours of the busier others (their upper quartile), since some always vote the most. Where
    readers of long standing vote, all new accounts together are judged as if they were one reader, and are
    no measure of what is usual: so several accounts can do no more than one. Where nothing is known to
    compare with, nothing is held; the shares of ``Shares`` then still keep one reader from deciding.
    """

    def __init__(
        self,
        ballots: Sequence[Ballot],
        joined: Mapping[str, float],
        limits: Limits | None = None,
        *,
        elsewhere: Sequence[int] = (),
    ) -> None:
        """``ballots`` of the last weeks in any order, held ones left out of the past; ``joined`` is when each
        account was made (seconds). ``elsewhere`` are the busiest hours of readers of other collections, for
        where too few vote here."""
        self._ballots = sorted(ballots, key=lambda ballot: ballot.at)
        self._joined = joined
        self._limits = limits or Limits()
        self._elsewhere = elsewhere
        self._readers = by_user(self._ballots)
        known = {ballot.user for ballot in self._ballots if not self._young(ballot)}
        self._known = known if len(known) >= self._limits.peers else set()
        self._trusted = {user: self._readers[user] for user in self._known} or self._readers
        self._busiest = {user: busiest_hour(votes) for user, votes in self._trusted.items()}
        self._widths = {user: votes_a_list(votes) for user, votes in self._trusted.items()}

    def held(self, since: float) -> dict[str, str]:
        """Ids of the votes from ``since`` on that should wait, with the first reason that applies."""
        recent = [ballot for ballot in self._ballots if ballot.at >= since]
        voices = list(self._voices(recent, since))
        found: dict[str, str] = {}

        def add(reasons: Mapping[str, str]) -> None:
            for id_, reason in reasons.items():
                found.setdefault(id_, reason)

        for voice in voices:
            add(self._burst(voice))
            add(self._streak(voice))
        add(self.held_together(since))
        add(lockstep(recent, self._trusted, self._limits))
        add(campaigns(recent, self._trusted, self._limits))
        # What is held already is no opinion that anybody could contradict.
        against = self._against_the_others(found)
        for voice in voices:
            add(self._contradiction(voice, *against))
        return found

    def held_together(self, since: float) -> dict[str, str]:
        """What all new accounts together do since then that no reader may; nothing where all are new."""
        recent = [ballot for ballot in self._ballots if ballot.at >= since and ballot.user not in self._known]
        users = frozenset(ballot.user for ballot in recent)
        if not self._known or not users:
            return {}
        voice = Voice(f"{len(users)} new accounts", users, recent, ())
        together = {
            **self._contradiction(voice, *self._against_the_others(())),
            **self._streak(voice),
            **self._burst(voice),
        }
        young = [ballot for ballot in recent if self._young(ballot)]
        return crowds(young, len(self._known), self._limits) | (together if len(users) > 1 else {})

    def _voices(self, recent: Sequence[Ballot], since: float) -> Iterator[Voice]:
        for user, votes in by_user(recent).items():
            past = [ballot for ballot in self._readers[user] if ballot.at < since]
            yield Voice("this reader", frozenset({user}), votes, past)

    def _burst(self, voice: Voice) -> dict[str, str]:
        held: dict[str, str] = {}
        hours = Counter(int(ballot.at // HOUR) for ballot in voice.past)
        known = [median(hours.values())] if len(hours) >= self._limits.peers else []
        usual, factor = self._usual_hour(voice)
        known += [usual] if usual is not None else []
        if not known:
            return held
        limit = max(float(self._limits.burst), factor * max(known))
        times = [ballot.at for ballot in voice.recent]
        for last, ballot in enumerate(voice.recent):
            first = bisect_right(times, ballot.at - HOUR)
            if last - first + 1 > limit:
                reason = (
                    f"{last - first + 1} votes of {voice.who} within an hour; usual are {max(known):.0f} "
                    f"and up to {limit:.0f} pass"
                )
                held |= {b.id: reason for b in voice.recent[first : last + 1]}
        return held

    def _usual_hour(self, voice: Voice) -> tuple[float | None, float]:
        """The busiest hour of the busier others, and how many times it a voice may vote.

        Who votes in concert would measure one another: a reader who also votes against the custom is compared
        with those who are slower only.
        """
        limits = self._limits
        busiest = {user: hour for user, hour in self._busiest.items() if user not in voice.users}
        mine = busiest_hour(voice.recent)
        slower = {user: hour for user, hour in busiest.items() if hour < mine}
        odd, wide = self._odd(voice, slower), self._wide(voice, slower)
        hours = sorted((slower if odd else busiest).values()) or list(self._elsewhere)
        if len(hours) < limits.peers:
            hours = list(self._elsewhere)
        if len(hours) < limits.peers:
            return None, limits.factor
        usual, factor = quantiles(hours, n=4)[2], limits.wide_factor if wide else limits.factor
        # Of many readers a few vote far more than a quarter of them do.
        most = 0.0 if odd else limits.most_factor * sorted(hours)[-limits.peers]
        return max(usual, most / factor), factor

    def _odd(self, voice: Voice, slower: Mapping[str, int]) -> bool:
        if len(slower) < self._limits.peers:
            return False
        others = {user: self._trusted[user] for user in slower}
        usual = min(0.95, max(0.05, usual_down_share(others, (), self._limits) + _SLACK))
        downs = sum(not ballot.up for ballot in voice.recent)
        return (
            self._wide(voice, slower) or binomial_tail(downs, len(voice.recent), usual) < self._limits.chance
        )

    def _wide(self, voice: Voice, slower: Mapping[str, int]) -> bool:
        """Whether the voice votes on far more entries of a list than those who vote less."""
        if len(slower) < self._limits.peers:
            return False
        usual = median(self._widths[user] for user in slower)
        return votes_a_list(voice.recent) >= max(self._limits.wide, 2 * usual)

    def _streak(self, voice: Voice) -> dict[str, str]:
        held: dict[str, str] = {}
        limits = self._limits
        for group, votes in by_group(voice.recent).items():
            others = sum(ballot.group == group and ballot.user not in voice.users for ballot in self._ballots)
            if len(votes) < limits.streak or others < 2 * limits.streak:
                continue
            usual = usual_down_share(self._trusted, voice.users, limits, group=group) + _SLACK
            past = [ballot for ballot in voice.past if ballot.group == group]
            if len(past) >= limits.streak:
                usual = max(usual, down_share(past))
            downs = [ballot for ballot in votes if not ballot.up]
            if binomial_tail(len(downs), len(votes), min(0.95, max(0.05, usual))) < limits.chance:
                whose = f"{len(downs)} of {_owners(voice)} {len(votes)} votes are down"
                held |= {ballot.id: f"{whose}; usual is up to {usual:.0%}" for ballot in downs}
        return held

    def _contradiction(
        self, voice: Voice, against: Mapping[str, int], judged: Mapping[str, int]
    ) -> dict[str, str]:
        mine = sum(against.get(user, 0) for user in voice.users)
        n = sum(judged.get(user, 0) for user in voice.users)
        trusted = [user for user in self._trusted if user not in voice.users]
        everyone, rest = sum(against.get(u, 0) for u in trusted), sum(judged.get(u, 0) for u in trusted)
        if n < self._limits.streak or rest < self._limits.streak:
            return {}
        usual = everyone / rest
        if binomial_tail(mine, n, min(0.95, max(0.1, usual))) >= self._limits.chance:
            return {}
        whose = "this reader contradicts" if len(voice.users) == 1 else f"{voice.who} contradict"
        reason = f"{whose} the others in {mine} of {n} verdicts that others agree on; usual is {usual:.0%}"
        return {ballot.id: reason for ballot in voice.recent}

    def _against_the_others(self, held: Collection[str]) -> tuple[dict[str, int], dict[str, int]]:
        """For each reader how many votes are against what at least two others, and three in four of them, say
        of the same target, and how many votes fell on such targets. Only those who are known say it, and who
        vote as readers do, not on whole lists; and not by votes that are ``held``."""
        wide = self._wide_ones()
        against: dict[str, int] = defaultdict(int)
        judged: dict[str, int] = defaultdict(int)
        for votes in by_target(self._ballots).values():
            latest = {ballot.user: ballot for ballot in votes}
            trusted = {
                user: ballot
                for user, ballot in latest.items()
                if user in self._trusted and user not in wide and ballot.id not in held
            }
            ups = sum(ballot.up for ballot in trusted.values())
            for user, ballot in latest.items():
                others = len(trusted) - (user in trusted)
                for_up = ups - (ballot.up if user in trusted else 0)
                if others >= 2 and max(for_up, others - for_up) >= _AGREED * others:
                    judged[user] += 1
                    against[user] += ballot.up != (2 * for_up > others)
        return against, judged

    def _wide_ones(self) -> set[str]:
        """Who votes on far more entries of a list than most readers."""
        usual = median(self._widths.values()) if self._widths else 0.0
        return {user for user, width in self._widths.items() if width >= max(self._limits.wide, 2 * usual)}

    def _young(self, ballot: Ballot) -> bool:
        return ballot.at - self._joined.get(ballot.user, ballot.at) < self._limits.young_s


def _owners(voice: Voice) -> str:
    return "this reader's" if len(voice.users) == 1 else f"the {voice.who}'"
