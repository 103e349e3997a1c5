"""What the offline gate asks of a candidate, and what its answers come to together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from src.database.models import EvaluationRecord
from src.services.evaluation.bootstrap import PairedDifference, paired_bootstrap
from src.services.evaluation.metrics import RankingScores

OWN_VOTES = "own votes, cross-fitted"
LOGGED_VOTES = "logged votes"
LIVE_VOTES = "own votes, against the live model"
_BESIDES = {"sentence", "proves", "job_id"}
LEAST_OWN = 100
"""Questions with votes below which their cross-fitted gain proves nothing."""
LEAST_UNSEEN = 20
LEAST_LOGGED = 20
UNSEEN_LOSS = -0.01
LIVE_LOSS = -0.01
"""What replayed votes may take from a candidate that is to count as proved, against a live model that was
learned: they were given on its lists, and a truly better one by 0.019 looked worse by 0.008."""
VETO = -0.02
"""Votes reject a candidate whose change lies below this with the whole of its interval. They were given on
lists of another ranking, where good candidates lost up to 0.01 on average, and disasters 0.035 and more."""


_OPEN = (
    "Not clearly better offline, and not so much worse that votes could tell: they cannot show what was not "
    "shown. Readers decide, as soon as no other candidate is on trial."
)


_ASKED = "Nothing that is known speaks against it."


class Outcome(StrEnum):
    """What the gate answers; an ``OPEN`` one is about as good as what is live, as far as votes can tell."""

    GATED = "gated"
    OPEN = "open"
    REJECTED = "rejected"
    WAITING = "not_enough_data"


@dataclass(frozen=True)
class Proof:
    """One test: ``passed`` is None where there is not enough data for it, and ``proves`` tells whether
    passing it speaks for the candidate instead of merely not against it."""

    name: str
    questions: int
    passed: bool | None
    proves: bool
    sentence: str
    figures: dict[str, Any]
    set_id: str | None = None


def golden_proof(
    name: str,
    set_id: str,
    margin: float,
    live: RankingScores,
    candidate: RankingScores,
    default: RankingScores | None = None,
) -> Proof:
    """On known right documents the candidate may lose ``margin`` nDCG on average; a gain whose one-sided
    95 % bound is above 0 proves something. ``default`` is told beside it, where that is not the live one."""
    title = f"golden set {name}"
    if not live.queries:
        return Proof(title, 0, None, False, f"{_sentence_start(title)}: no questions.", {}, set_id)
    ndcg = paired_bootstrap(candidate.ndcg, live.ndcg)
    figures = {
        **_compared(live, candidate, default),
        "recall": _figures(paired_bootstrap(candidate.recall, live.recall)),
        "mrr": _figures(paired_bootstrap(candidate.reciprocal_rank, live.reciprocal_rank)),
        "margin": margin,
    }
    passed = ndcg.mean >= -margin
    limit = f"{'within' if passed else 'beyond'} its margin of {margin:g}"
    said = f"{_sentence_start(title)}: {ndcg.sentence('nDCG@10')}, {limit}."
    return Proof(title, ndcg.n, passed, passed and ndcg.at_least > 0, said, figures, set_id)


def own_votes_proof(figures: Mapping[str, Any], *, alone: bool = True) -> Proof:
    """The change on questions with votes, each ranked by weights that never saw it, as training measured it
    against the default with memory. It fails where that is clearly a loss; a gain proves something ``alone``
    where the default is live.

    Where a passage was voted on for no other question the loss is limited as well: else a candidate could win
    by remembering. ``allowance`` of the figures is how much less than it gains such a candidate may show,
    since votes can only land where another ranking had put the passage."""
    measured: Mapping[str, Any] = figures.get("against_memory") or figures.get("against_default") or {}
    everything, unseen = _parts(measured)
    questions = int(everything.get("questions", 0))
    title = _sentence_start(OWN_VOTES)
    if questions < LEAST_OWN:
        said = f"{title}: {questions} of {LEAST_OWN} questions with votes."
        return Proof(OWN_VOTES, questions, None, False, said, dict(measured))
    said = f"{title}: {everything['sentence']}"
    allowance = float(figures.get("allowance", 0.0))
    if allowance:
        said += f", with an allowance of {allowance:g}"
    if unseen:
        said += f"; where no other question speaks for the passage: {unseen['sentence']}"
    passed = all(part["upper"] >= VETO - allowance for part in (everything, unseen) if part)
    proves = alone and passed and gains(figures) is True
    return Proof(OWN_VOTES, questions, passed, proves, f"{said}.", dict(measured))


def gains(figures: Mapping[str, Any]) -> bool | None:
    """Whether training measured a gain on questions with votes that is not all remembering; None where there
    are too few to tell."""
    everything, unseen = _parts(figures.get("against_memory") or figures.get("against_default") or {})
    if int(everything.get("questions", 0)) < LEAST_OWN:
        return None
    allowance = float(figures.get("allowance", 0.0))
    kept = not unseen or unseen["change"] >= UNSEEN_LOSS - allowance
    return bool(everything["change"] > -allowance and kept)


def _parts(measured: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The figures of all questions, and of those where nothing can be remembered, if these are enough."""
    unseen = measured.get("unseen") or {}
    enough = int(unseen.get("questions", 0)) >= LEAST_UNSEEN
    return measured.get("all") or {}, unseen if enough else {}


def live_votes_proof(
    live: RankingScores,
    candidate: RankingScores,
    default: RankingScores | None,
    *,
    gained: bool | None,
    allowance: float = 0.0,
) -> Proof:
    """Replayed up-votes against a live model that was itself learned: a candidate fails that is clearly worse
    on what readers said of it. Where it ``gained`` over the default on questions that its weights never saw,
    not being worse proves enough. ``allowance`` is as for its own votes."""
    title = _sentence_start(LIVE_VOTES)
    if len(live.queries) < LEAST_LOGGED:
        said = f"{title}: {len(live.queries)} of {LEAST_LOGGED} questions."
        return Proof(LIVE_VOTES, len(live.queries), None, False, said, {})
    ndcg = paired_bootstrap(candidate.ndcg, live.ndcg)
    passed = ndcg.at_most >= VETO - allowance
    like = ndcg.mean >= LIVE_LOSS - allowance or ndcg.upper > -allowance
    said = f"{title}: {ndcg.sentence('nDCG@10')}"
    if default is not None:
        said += f"; against the default: {paired_bootstrap(candidate.ndcg, default.ndcg).sentence('nDCG@10')}"
    figures = _compared(live, candidate, default)
    return Proof(LIVE_VOTES, ndcg.n, passed, passed and like and gained is True, f"{said}.", figures)


def logged_votes_veto(live: RankingScores, candidate: RankingScores) -> Proof:
    """Replayed up-votes can only land where the live model put the passage, so that they are blind to good
    news: they veto a disaster and prove nothing."""
    title = _sentence_start(LOGGED_VOTES)
    if len(live.queries) < LEAST_LOGGED:
        said = f"{title}: {len(live.queries)} of {LEAST_LOGGED} questions for a veto."
        return Proof(LOGGED_VOTES, len(live.queries), None, False, said, {})
    ndcg = paired_bootstrap(candidate.ndcg, live.ndcg)
    passed = ndcg.at_most >= VETO
    said = f"{title}: {ndcg.sentence('nDCG@10')}, {'no veto' if passed else 'a veto'}."
    figures = _compared(live, candidate)
    return Proof(LOGGED_VOTES, ndcg.n, passed, False, said, figures)


def outcome_of(proofs: Sequence[Proof], *, asked: bool = False) -> tuple[Outcome, str]:
    """Rejected where one test failed, gated where one proves something. Where neither is so, and there were
    enough own votes for them to have failed, or somebody ``asked`` for what learns from none, the case is
    open; else there is not enough data."""
    failed = [proof.sentence for proof in proofs if proof.passed is False]
    if failed:
        return Outcome.REJECTED, f"Worse offline. {' '.join(failed)}"
    said = " ".join(proof.sentence for proof in proofs)
    if any(proof.proves for proof in proofs):
        return Outcome.GATED, f"Better offline. {said}"
    if any(proof.name == OWN_VOTES and proof.passed for proof in proofs):
        return Outcome.OPEN, f"{_OPEN} {said}"
    if asked:
        return Outcome.OPEN, f"{_ASKED} {said}"
    return Outcome.WAITING, f"Not enough data yet to tell whether it is better. {said}"


def stored(proof: Proof) -> dict[str, Any]:
    """The figures of a proof as its record holds them."""
    return {**proof.figures, "sentence": proof.sentence, "proves": proof.proves}


def proof_of(record: EvaluationRecord) -> Proof:
    """The proof that a record holds."""
    figures = {name: value for name, value in record.figures.items() if name not in _BESIDES}
    return Proof(
        record.name,
        record.questions,
        record.passed,
        record.figures["proves"],
        record.figures["sentence"],
        figures,
        record.set_id,
    )


def _sentence_start(name: str) -> str:
    return name[:1].upper() + name[1:]


def _compared(
    live: RankingScores, candidate: RankingScores, default: RankingScores | None = None
) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "live": live.means(),
        "candidate": candidate.means(),
        "ndcg": _figures(paired_bootstrap(candidate.ndcg, live.ndcg)),
    }
    if default is not None:
        figures["default"] = default.means()
        figures["against_default"] = _figures(paired_bootstrap(candidate.ndcg, default.ndcg))
    return figures


def _figures(difference: PairedDifference) -> dict[str, Any]:
    return asdict(difference)
