"""From votes to an estimate that no single reader and no single question decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, copysign, inf, sqrt

import numpy as np
from numpy.typing import NDArray

from .metrics import Floats
from .normal import normal_of_t

Groups = NDArray[np.intp]

_ROUNDS = 50
_FEWEST = 5
"""Clusters below this say nothing about their own spread."""
_NO_SPREAD = 1e-9


@dataclass(frozen=True)
class Vote:
    """One up-vote on an interleaved list: who, on which question (a key of its text), its gain
    (``Entry.gain``), and its weight by the place where it was given (``weight_at``), beside that of others.

    Down-votes do not enter. They fall on one of the many wrong passages and so say little about the order of
    the right ones: in simulation they carried a hundredth of an up-vote's information, and less than none
    where readers often press the wrong button. They count in a guardrail instead, by the team that placed
    the passage.
    """

    user: str
    question: str
    gain: float
    weight: float = 1.0


@dataclass(frozen=True)
class Shares:
    """How much of the total weight one reader and one question may have.

    Nothing counts before there are 1 / ``reader`` readers and 1 / ``question`` questions.
    """

    reader: float = 0.2
    question: float = 0.1

    @staticmethod
    def for_readers(accounts: int) -> Shares:
        """A fifth for each reader of a team; more where fewer than ten ``accounts`` may vote, all for a
        single one."""
        return Shares(reader=min(1.0, max(0.2, 2.0 / max(1, accounts))))


@dataclass(frozen=True)
class Estimate:
    """The mean gain of the votes, and how sure it is.

    ``units`` are pairs of a reader and a question: votes of one reader on one question are averaged,
    because they repeat one judgement. ``counted`` is the sum of their weights, smaller than ``units`` where
    a reader or a question has more than its share; looks, power and remaining need go by it.
    ``informative`` are the questions with a gain other than 0. ``error`` is the standard error and ``z``
    standard normal where the true mean is 0. ``agreement`` is the size of the same test over readers or over
    questions as the independent pieces, the lesser of the two. ``jackknife`` is z without the one reader or
    the one question that speaks most for it, positive where it still points the way of ``mean``. Both are
    infinite where there are too few readers and questions to tell.
    """

    votes: int
    units: int
    readers: int
    questions: int
    informative: int
    counted: float
    mean: float
    error: float
    z: float
    agreement: float
    jackknife: float
    shares: Shares

    @property
    def note(self) -> str:
        """Why the votes do not count, where none does."""
        if self.counted or not self.units:
            return ""
        return (
            f" Nothing counts before {ceil(1 / self.shares.reader)} readers have voted on "
            f"{ceil(1 / self.shares.question)} questions with none of them too dominant; so far there are "
            f"{self.readers} readers and {self.questions} questions."
        )


def estimate(votes: Iterable[Vote], shares: Shares | None = None) -> Estimate:
    """Weighted mean gain over reader-question units.

    Weights start at those of the votes, 1 on average, and are scaled down until no reader and no question
    has more than its share. The standard error takes units as independent. ``agreement`` repeats the test
    over whole readers and whole questions (cluster-robust; Liang and Zeger, 1986): one alone, with share s,
    reaches 1 / (1 - s) at most, 1.25 at a fifth, however often and boldly it is voted. ``jackknife`` asks
    what is left without that one.
    """
    limits = shares or Shares()
    gathered: dict[tuple[str, str], list[Vote]] = defaultdict(list)
    for vote in votes:
        gathered[vote.user, vote.question].append(vote)
    values = np.array([_mean_gain(unit) for unit in gathered.values()], dtype=np.float64)
    readers = _numbers([user for user, _ in gathered])
    questions = _numbers([question for _, question in gathered])
    weights = _capped(_relative(gathered.values()), readers, questions, limits)
    counted = round(float(weights.sum()), 6)
    mean = float(weights @ values / counted) if counted else 0.0
    pull = weights * (values - mean)
    independent = counted * counted / float((weights**2).sum()) if counted else 0.0
    error, z = _test(mean, pull, independent, counted)
    groupings = [groups for groups in (readers, questions) if groups.max(initial=-1) + 1 >= _FEWEST]
    clusters = [_sums(groups, pull) for groups in groupings]
    return Estimate(
        votes=sum(len(unit) for unit in gathered.values()),
        units=len(gathered),
        readers=int(readers.max(initial=-1)) + 1,
        questions=int(questions.max(initial=-1)) + 1,
        informative=len({question for (_, question), gain in zip(gathered, values, strict=True) if gain}),
        counted=counted,
        mean=mean,
        error=error,
        z=z,
        agreement=min((abs(_test(mean, sums, sums.size, counted)[1]) for sums in clusters), default=inf),
        jackknife=min(
            (_without_one(values, weights, groups, copysign(1.0, mean)) for groups in groupings), default=inf
        ),
        shares=limits,
    )


def _test(mean: float, sums: Floats, clusters: float, counted: float) -> tuple[float, float]:
    """Standard error of the mean and the normal equivalent of its t, from the clusters' sums of pull.

    Where all agree to the last digit there is no spread to compare with. It is then taken to be what one
    more piece, with a gain of 0, would make it: t is the square root of their number.
    """
    if clusters <= 1 or not counted:
        return 0.0, 0.0
    error = sqrt(clusters / (clusters - 1) * float(sums @ sums)) / counted
    if error <= _NO_SPREAD:
        error = abs(mean) / sqrt(clusters)
    return (error, normal_of_t(mean / error, clusters - 1)) if error > _NO_SPREAD else (0.0, 0.0)


def _without_one(values: Floats, weights: Floats, groups: Groups, sign: float) -> float:
    """The least z, counted positive towards ``sign``, that leaving out one of the groups gives."""

    def rest(column: Floats) -> Floats:
        kept: Floats = column.sum() - _sums(groups, column)
        return kept

    squares = weights**2
    left, spread = np.maximum(rest(weights), 1e-12), np.maximum(rest(squares), 1e-12)
    means = rest(weights * values) / left
    residual = rest(squares * values**2) - 2 * means * rest(squares * values) + means**2 * spread
    errors = np.sqrt(np.maximum(residual, 0.0)) / left
    pieces = left**2 / spread
    errors = np.where(errors > _NO_SPREAD, errors, np.abs(means) / np.sqrt(pieces))
    t = sign * np.divide(means, errors, out=np.zeros_like(means), where=errors > _NO_SPREAD)
    least = int(t.argmin())
    return normal_of_t(float(t[least]), float(pieces[least]) - 1)


def _mean_gain(unit: Sequence[Vote]) -> float:
    return sum(vote.weight * vote.gain for vote in unit) / sum(vote.weight for vote in unit)


def _relative(units: Iterable[Sequence[Vote]]) -> Floats:
    """The mean weight of each unit's votes, over all units 1 on average, so that their sum counts units."""
    weights = np.array([sum(vote.weight for vote in unit) / len(unit) for unit in units], dtype=np.float64)
    return weights / weights.mean() if weights.size else weights


def _capped(weights: Floats, readers: Groups, questions: Groups, shares: Shares) -> Floats:
    for _ in range(_ROUNDS):
        before = weights.sum()
        for groups, share in ((readers, shares.reader), (questions, shares.question)):
            sums = _sums(groups, weights)
            factors = np.minimum(1.0, _cap(sums, share) / np.maximum(sums, 1e-12))
            weights = weights * factors[groups]
        if before - weights.sum() <= 1e-6 * before:
            break
    return weights


def _sums(groups: Groups, values: Floats) -> Floats:
    return np.bincount(groups, values).astype(np.float64)


def _cap(sums: Floats, share: float) -> float:
    """The largest weight w such that no group, cut to w, has more than ``share`` of what is left; 0 where
    there are too few groups."""
    falling = np.sort(sums)[::-1]
    if share >= 1.0 or not falling.size:
        return float(falling.max(initial=0.0))
    for cut, largest in enumerate(falling):
        if share * cut >= 1.0:
            break
        cap = share * float(falling[cut:].sum()) / (1.0 - share * cut)
        if largest <= cap * (1 + 1e-9):
            return cap
    return 0.0


def _numbers(names: list[str]) -> Groups:
    index = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([index[name] for name in names], dtype=np.intp)
