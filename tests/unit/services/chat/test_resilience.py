from __future__ import annotations

from collections.abc import Generator

import pytest

from src.core.ports import ChatPiece, TextPiece
from src.services.chat.circuit import CircuitBreaker
from src.services.chat.failures import ChatError
from src.services.chat.resilience import Backoff, Resilience


class Attempts:
    """Each attempt gives its texts and then fails with its code, or ends well for None."""

    def __init__(self, *outcomes: tuple[list[str], str | None]) -> None:
        self.outcomes = list(outcomes)
        self.made = 0
        self.closed = 0

    def __call__(self, deadline: float) -> Generator[ChatPiece, None, None]:
        texts, code = self.outcomes[self.made]
        self.made += 1
        try:
            yield from [TextPiece(text) for text in texts]
            if code:
                raise ChatError(code, "failed", retry_after_s=2.0 if code == "model_rate_limited" else None)
        finally:
            self.closed += 1


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def resilience(time: Time, **backoff: float) -> Resilience:
    breaker = CircuitBreaker(clock=time.clock)
    return Resilience(breaker, Backoff(**backoff), clock=time.clock, sleep=time.sleep, draw=lambda: 1.0)


def test_waits_grow_and_are_bounded() -> None:
    time = Time()
    attempts = Attempts(*[([], "model_overloaded")] * 5, (["ok"], None))
    pieces = resilience(time, attempts=6, first_s=1, longest_s=4).pieces(attempts, timeout_s=100)
    assert list(pieces) == [TextPiece("ok")]
    assert time.slept == [1, 2, 4, 4, 4]


def test_a_wait_that_the_server_names_is_kept() -> None:
    time = Time()
    attempts = Attempts(([], "model_rate_limited"), (["ok"], None))
    list(resilience(time, first_s=1).pieces(attempts, timeout_s=100))
    assert time.slept == [2.25]


def test_no_wait_goes_beyond_the_deadline() -> None:
    time = Time()
    attempts = Attempts(([], "model_rate_limited"))
    with pytest.raises(ChatError):
        list(resilience(time).pieces(attempts, timeout_s=2))
    assert time.slept == []


def test_nothing_is_retried_after_a_piece_was_given_out() -> None:
    time = Time()
    attempts = Attempts((["half"], "model_overloaded"))
    pieces = resilience(time).pieces(attempts, timeout_s=100)
    assert next(pieces) == TextPiece("half")
    with pytest.raises(ChatError):
        next(pieces)
    assert attempts.made == 1


@pytest.mark.parametrize("code", ["model_bad_request", "model_auth", "model_spend_limit", "model_refused"])
def test_what_cannot_succeed_is_not_retried(code: str) -> None:
    attempts = Attempts(([], code))
    with pytest.raises(ChatError):
        list(resilience(Time()).pieces(attempts, timeout_s=100))
    assert attempts.made == 1


def test_closing_the_pieces_closes_the_attempt() -> None:
    attempts = Attempts((["a", "b"], None))
    pieces = resilience(Time()).pieces(attempts, timeout_s=100)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert attempts.closed == 1
