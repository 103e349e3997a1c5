"""Who asks what, and when: decided before the first question, from a seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from src.cli.exits import UsageError

from .labelled import Question

Apart = Literal["question", "passage"]

_ACTIVITY = 0.5
"""The n-th reader asks in proportion to n to the power of minus this: a few ask much more than the rest."""

_SPLIT, _AGENDA = 1, 2
"""Keep the random numbers of the two apart."""


@dataclass(frozen=True)
class Split:
    """The questions that readers ask, and those that measure and are never asked."""

    asked: tuple[Question, ...]
    kept: tuple[Question, ...]


@dataclass(frozen=True)
class Visit:
    """One interaction: which reader (by number) asks which question."""

    number: int
    reader: int
    question: Question


def split(questions: Sequence[Question], *, share: float, apart: Apart, seed: int) -> Split:
    """Keep about ``share`` of the questions from ever being asked, whole groups at a time; with ``apart``
    "passage" also whatever a question that is asked shares a right document with.

    Raises UsageError where that leaves nothing on one side.
    """
    groups: dict[str, list[Question]] = defaultdict(list)
    for question, name in zip(questions, _groups(questions, apart), strict=True):
        groups[name].append(question)
    names = sorted(groups)
    kept: list[Question] = []
    for name in np.random.default_rng([_SPLIT, seed]).permutation(names).tolist():
        if len(kept) + len(groups[name]) <= round(share * len(questions)):
            kept.extend(groups[name])
    known = {question.id for question in kept}
    asked = tuple(question for question in questions if question.id not in known)
    if not asked or not kept:
        raise UsageError(
            f"{len(questions)} questions in {len(groups)} independent groups cannot be divided so that "
            f"{share:.0%} of them are never asked."
        )
    return Split(asked, tuple(question for question in questions if question.id in known))


def agenda(asked: Sequence[Question], *, readers: int, interactions: int, seed: int) -> list[Visit]:
    """Every question is asked once before one is asked again, and then by another reader."""
    rng = np.random.default_rng([_AGENDA, seed])
    activity = np.arange(1, readers + 1) ** -_ACTIVITY
    before: dict[str, set[int]] = defaultdict(set)
    visits: list[Visit] = []
    while len(visits) < interactions:
        for place in rng.permutation(len(asked)).tolist():
            question = asked[place]
            known = before[question.id]
            if len(known) == readers:
                known.clear()
            free = [reader for reader in range(readers) if reader not in known]
            reader = int(rng.choice(free, p=activity[free] / activity[free].sum()))
            known.add(reader)
            visits.append(Visit(len(visits) + 1, reader, question))
    return visits[:interactions]


def _groups(questions: Sequence[Question], apart: Apart) -> list[str]:
    """The name of each question's group; groups that share a right document are one where these must stay
    apart (disjoint sets)."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while (over := above.setdefault(name, name)) != name:
            above[name] = name = above[over]
        return name

    for question in questions:
        own = f"question {question.group}"
        for document in question.labels if apart == "passage" else ():
            above[top(f"document {document}")] = top(own)
    return [top(f"question {question.group}") for question in questions]
