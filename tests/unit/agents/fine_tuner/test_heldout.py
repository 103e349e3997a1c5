"""What a tuned model is measured on: questions that it was not tuned on, nor any that is nearly the same."""

from __future__ import annotations

import numpy as np
import pytest

from src.agents.fine_tuner.heldout import HELD_OUT, hold_out
from src.core.ports import Vectors


def vectors(count: int, *, alike: int = 1) -> dict[str, Vectors]:
    """Questions by number; ``alike`` of them in a row have one vector."""
    drawn = np.random.default_rng(0).standard_normal((count // alike + 1, 32)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return {str(number): drawn[number // alike] for number in range(count)}


@pytest.mark.parametrize(("count", "held"), [(0, 0), (60, 24), (250, 100), (500, HELD_OUT), (2000, 200)])
def test_it_is_a_tenth_but_enough_for_the_gate_and_leaves_three_fifths(count: int, held: int) -> None:
    questions = vectors(count)
    chosen = hold_out(questions, seed=1)
    assert len(chosen) == held
    assert chosen == hold_out(dict(reversed(questions.items())), seed=1)
    assert not chosen or chosen != hold_out(questions, seed=2)


def test_questions_that_are_nearly_the_same_stay_together() -> None:
    chosen = hold_out(vectors(400, alike=2), seed=0)
    assert len(chosen) == HELD_OUT + 1
    assert {str(int(key) ^ 1) for key in chosen} == chosen
