"""What makes a vote unfit to learn from. Each rule takes votes and names the places of those to leave out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from math import isclose

from .votes import Origin, Vote

Rule = Callable[[Sequence[Vote]], Iterable[int]]

_DIRECT = {Origin.HIT, Origin.CITATION}
_INFERRED = {Origin.ANSWER, Origin.STATEMENT}


def said_itself(votes: Sequence[Vote]) -> Iterable[int]:
    """What was inferred from a verdict on an answer or from a correction, of a passage that its reader also
    judged by itself."""
    direct = {_key(vote) for vote in votes if vote.origin in _DIRECT}
    return [place for place, vote in enumerate(votes) if vote.origin in _INFERRED and _key(vote) in direct]


def gone(live: Collection[str]) -> Rule:
    """A passage that is searched no more: only the ``live`` contents are."""
    return lambda votes: [place for place, vote in enumerate(votes) if vote.content_key not in live]


def golden(questions: Collection[str]) -> Rule:
    """A question that models are judged by; the argument holds the keys of all that are too near to one."""
    return lambda votes: [place for place, vote in enumerate(votes) if vote.question_key in questions]


def duplicates(votes: Sequence[Vote]) -> Iterable[int]:
    """All but the weightiest, and of those the newest, of the votes with which a reader says one thing."""
    best: dict[tuple[object, ...], int] = {}
    for place, vote in enumerate(votes):
        key = (*_key(vote), vote.up)
        if key not in best or _rank(votes[best[key]]) < _rank(vote):
            best[key] = place
    return sorted(set(range(len(votes))) - set(best.values()))


def contradictions(votes: Sequence[Vote]) -> Iterable[int]:
    """What a reader said of a passage for a question no more often than the opposite."""
    said = Counter((*_key(vote), vote.up) for vote in votes)
    return [
        place
        for place, vote in enumerate(votes)
        if said[(*_key(vote), not vote.up)] >= said[(*_key(vote), vote.up)]
    ]


def disagreements(votes: Sequence[Vote]) -> Iterable[int]:
    """All votes on a passage for a question of which as much speaks for it as against it."""
    weight: dict[tuple[str, str | None], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for vote in votes:
        weight[vote.question_key, vote.content_key][vote.up] += vote.weight
    return [
        place
        for place, vote in enumerate(votes)
        if isclose(*weight[vote.question_key, vote.content_key], rel_tol=1e-9)
    ]


def beyond_passage(most: int) -> Rule:
    """The up-votes of a reader on one passage for more than ``most`` questions; what is said of the passage
    itself, and of that the newest, is taken. Readers seldom find one passage right for more questions; who
    means to have it found for every question has nothing but that."""

    def rule(votes: Sequence[Vote]) -> Iterable[int]:
        liked: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for place, vote in enumerate(votes):
            if vote.reader is not None and vote.up:
                liked[vote.reader, vote.content_key].append(place)
        left_out: list[int] = []
        for places in liked.values():
            ranked = sorted(places, key=lambda place: _rank(votes[place]), reverse=True)
            kept = set(list(dict.fromkeys(votes[place].question_key for place in ranked))[:most])
            left_out += [place for place in places if votes[place].question_key not in kept]
        return left_out

    return rule


def beyond_share(share: float, least: int, readers: int) -> Rule:
    """The oldest votes of a reader who gave more than ``share`` of all that remain; ``least`` are always
    taken, and all where fewer than ``readers`` people vote: then nobody else's opinion is drowned."""

    def rule(votes: Sequence[Vote]) -> Iterable[int]:
        by_reader: dict[str, list[int]] = defaultdict(list)
        for place, vote in enumerate(votes):
            if vote.reader is not None:
                by_reader[vote.reader].append(place)
        if len(by_reader) < readers:
            return []
        total = sum(map(len, by_reader.values()))
        left_out: list[int] = []
        for places in sorted(by_reader.values(), key=len, reverse=True):
            others = total - len(places)
            allowed = max(least, int(share / (1.0 - share) * others))
            oldest_first = sorted(places, key=lambda place: (votes[place].at, votes[place].rating_id or ""))
            dropped = oldest_first[: max(0, len(places) - allowed)]
            left_out += dropped
            total -= len(dropped)
        return left_out

    return rule


def beyond_newest(most: int) -> Rule:
    """The votes on all but the ``most`` questions that were voted on last."""

    def rule(votes: Sequence[Vote]) -> Iterable[int]:
        newest: dict[str, tuple[object, str]] = {}
        for vote in votes:
            newest[vote.question_key] = max(
                newest.get(vote.question_key, (vote.at, vote.question_key)), (vote.at, vote.question_key)
            )
        kept = set(sorted(newest, key=lambda key: newest[key], reverse=True)[:most])
        return [place for place, vote in enumerate(votes) if vote.question_key not in kept]

    return rule


def _key(vote: Vote) -> tuple[str | None, str, str | None]:
    return vote.reader, vote.question_key, vote.content_key


def _rank(vote: Vote) -> tuple[float, object, str]:
    return vote.weight, vote.at, vote.rating_id or ""
