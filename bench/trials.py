"""Error rates of live trials: simulated readers vote on interleaved lists of real rankings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean, median

from src.services.evaluation.assignment import fraction
from src.services.evaluation.estimate import Vote, estimate
from src.services.evaluation.sequential import Decision, DecisionRule
from src.services.evaluation.watch import ReturnRule

from .rankings import Rankings, ScoredSet
from .readers import Drafts, Readers
from .table import Row, Table, quantiles, scratch

RUNS = 300
RULE = DecisionRule()
RETURN = ReturnRule()
HEALTHY_VOTES = 100
MOST_INTERACTIONS = 6000


@dataclass(frozen=True)
class Pair:
    """A live ranking and its candidate on one set."""

    scored: ScoredSet
    control: Rankings
    treatment: Rankings

    @property
    def drafts(self) -> Drafts:
        return Drafts(self.scored.relevant, self.control, self.treatment)

    @property
    def change(self) -> float:
        return self.scored.change(self.control, self.treatment)

    def reversed(self) -> Pair:
        return Pair(self.scored, self.treatment, self.control)


def run() -> Table:
    with scratch() as folder:
        code, health = ScoredSet("conala", folder), ScoredSet("feedbackqa", folder)
    plain, named = code.fused(identifiers=0.0), code.fused()
    weights = Pair(code, plain, named)
    learned = Pair(code, named, code.adapted(labels=500, shuffled=False, ridge=1.0, strength=1.0))
    shuffled = Pair(code, named, code.adapted(labels=500, shuffled=True, ridge=0.01, strength=0.5))
    overfed = Pair(
        health, health.fused(), health.adapted(labels=100, shuffled=False, ridge=0.01, strength=1.0)
    )
    same = Pair(code, named, named)
    liar, noisy = Readers(liar=0.3), Readers(flips=0.3)
    rows = [
        _promoted("the same ranking twice", same, Readers(), "at most 5 %"),
        _promoted("two equal rankings (a coin for each vote)", shuffled, Readers(even=True), "at most 5 %"),
        _promoted("worse: identifiers left out", weights.reversed(), Readers(), "at most 1 %"),
        _promoted("worse: adapter from shuffled labels", shuffled, Readers(), "at most 1 %"),
        _promoted("worse: over-trained adapter", overfed, Readers(), "at most 1 %"),
        _promoted("worse (shuffled), three in ten votes of one liar", shuffled, liar, "at most 1 %"),
        _promoted("better: identifiers used", weights, Readers(), "at least 90 % by 500"),
        _promoted(
            "better: rid of a shuffled adapter", shuffled.reversed(), Readers(), "at least 90 % by 500"
        ),
        _promoted(
            "better: rid of an over-trained adapter", overfed.reversed(), Readers(), "at least 90 % by 500"
        ),
        _promoted(
            "two equal rankings, taken over", shuffled, Readers(even=True), "at most 5 %", taken_over=True
        ),
        _promoted(
            "worse: identifiers left out, taken over",
            weights.reversed(),
            Readers(),
            "at most 1 %",
            taken_over=True,
        ),
        _promoted("better: identifiers used, taken over", weights, Readers(), taken_over=True),
        _promoted("better: trained adapter", learned, Readers()),
        _promoted("better: identifiers used, 30 % wrong buttons", weights, noisy),
        _returned("damage: identifiers lost", weights, weights.reversed()),
        _returned("damage: shuffled adapter", shuffled.reversed(), shuffled),
        _returned("damage: over-trained adapter", overfed.reversed(), overfed),
        _returned("no damage", weights, weights),
    ]
    return Table(
        "Trials",
        f"{RUNS} simulated trials a row, on conala and feedbackqa, up to 600 questions each. Readers look at "
        "rank r with probability r^-0.5, vote up the first right passage they see and press the wrong button "
        f"in one case of ten; looks at {', '.join(map(str, RULE.looks))} up-votes. After a promotion a fifth "
        "of the questions stays interleaved, all of them while there is a suspicion; the damage comes after "
        f"{HEALTHY_VOTES} good votes. In brackets the true change in nDCG@10.",
        tuple(rows),
    )


def _promoted(name: str, pair: Pair, readers: Readers, goal: str = "", *, taken_over: bool = False) -> Row:
    drafts = pair.drafts
    ends = [trial(drafts, readers, seed, taken_over=taken_over) for seed in range(RUNS)]
    made = Counter(decision for decision, _ in ends)
    early = sum(decision is Decision.PROMOTE and counted < RULE.looks[-1] for decision, counted in ends)
    return Row(
        f"{name} ({0.0 if readers.even else pair.change:+.3f})",
        f"promoted {made[Decision.PROMOTE] / RUNS:.1%}, by 500 votes {early / RUNS:.1%}",
        f"rejected {made[Decision.REJECT] / RUNS:.1%}; {fmean(n for _, n in ends):.0f} votes on average",
        goal=goal,
    )


def trial(drafts: Drafts, readers: Readers, seed: int, *, taken_over: bool = False) -> tuple[Decision, float]:
    """The decision and the counted votes behind it, those before a takeover included."""
    votes: list[Vote] = []
    rule, looks, enough, before = RULE, 0, RULE.looks[0], 0.0
    for vote in readers.votes(drafts, seed):
        if vote is not None:
            votes.append(vote)
        if vote is None or len(votes) < enough:
            continue
        seen = estimate(votes)
        verdict = rule.judge(seen, looks)
        if verdict.final:
            return verdict.decision, before + seen.counted
        looks = verdict.looks_done
        following = rule.after(looks) if taken_over and verdict.critical is not None else None
        if following is not None:
            before += seen.counted
            votes, rule, looks, enough = [], following, 0, RULE.looks[0]
            continue
        enough = len(votes) + max(1, int(rule.looks[looks] - seen.counted))
    raise AssertionError("readers never stop")


def _returned(name: str, good: Pair, bad: Pair) -> Row:
    healthy, damaged = good.reversed().drafts, bad.reversed().drafts
    found = [_watched(healthy, damaged, seed) for seed in range(RUNS)]
    late = [n if n is not None else MOST_INTERACTIONS for n in found]
    soon = sum(n <= 4000 for n in late)
    delay = f"median {median(late):.0f}, 95 % by {quantiles(late)[1]:.0f} interactions" if soon else ""
    return Row(
        f"{name} ({bad.change:+.3f})",
        f"returned within 4,000 interactions {soon / RUNS:.1%}",
        delay,
        goal="0 %" if good is bad else "at least 95 %",
    )


def _watched(healthy: Drafts, damaged: Drafts, seed: int) -> int | None:
    """Interactions from the damage to the return; the treatment is the version before."""
    before, after = Readers().votes(healthy, seed), Readers().votes(damaged, seed + RUNS)
    votes: list[Vote] = []
    share, since = RETURN.share, 0
    turn = 0
    while since < MOST_INTERACTIONS:
        turn += 1
        broken = len(votes) >= HEALTHY_VOTES
        since += broken
        if fraction(str(seed), str(turn)) >= share:
            continue
        vote = next(after if broken else before)
        if vote is None:
            continue
        votes.append(vote)
        if len(votes) % 5 == 0:
            watch = RETURN.judge(votes)
            share = watch.share
            if watch.back:
                return since
    return None
