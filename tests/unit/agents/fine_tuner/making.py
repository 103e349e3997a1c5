"""Votes and questions to make data sets of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from src.agents.fine_tuner.dataset import DatasetSettings, Draft, Surroundings, draft
from src.agents.fine_tuner.votes import Exclusion, Origin, Vote
from src.core.ports import Vectors

START = datetime(2026, 1, 1, tzinfo=UTC)
DIMENSIONS = 16


def vote(number: int, question: str = "q1", content: str | None = "c1", **other: Any) -> Vote:
    """Vote ``number``, given that many minutes after the start, by ``ann`` on a hit unless said otherwise."""
    fields: dict[str, Any] = {
        "rating_id": f"r{number:05}",
        "reader": "ann",
        "origin": Origin.HIT,
        "question": f"What about {question}?",
        "question_key": question,
        "content_key": content,
        "up": True,
        "at": START + timedelta(minutes=number),
    }
    return Vote(**(fields | other))


def unit(*entries: float) -> Vectors:
    """A unit vector that begins with these entries."""
    whole = np.zeros(DIMENSIONS, np.float32)
    whole[: len(entries)] = entries
    return np.asarray(whole / np.linalg.norm(whole), np.float32)


def apart(keys: list[str]) -> dict[str, Vectors]:
    """Vectors of questions that have little to do with one another."""
    rng = np.random.default_rng(3)
    found = {}
    for key in sorted(keys):
        row = rng.normal(size=64).astype(np.float32)
        found[key] = np.asarray(row / np.linalg.norm(row), np.float32)
    return found


def drafted(
    votes: list[Vote],
    *,
    vectors: dict[str, Vectors] | None = None,
    golden: dict[str, Vectors] | None = None,
    gone: frozenset[str] = frozenset(),
    settings: DatasetSettings | None = None,
) -> Draft:
    vectors = vectors or apart([one.question_key for one in votes])
    live = {one.content_key for one in votes if one.content_key is not None} - gone
    proofs = list((golden or {}).values())
    width = len(next(iter(vectors.values()))) if vectors else 0
    around = Surroundings(
        live={key for key in live if key},
        vectors=vectors,
        golden_keys=(golden or {}).keys(),
        golden_vectors=np.stack(proofs) if proofs else np.zeros((0, width), np.float32),
    )
    return draft(votes, around, settings or DatasetSettings())


def fates(made: Draft) -> dict[str | None, Exclusion | None]:
    """What became of each vote."""
    return {judgment.vote.rating_id: judgment.excluded for judgment in made.judgments}
