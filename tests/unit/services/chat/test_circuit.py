from __future__ import annotations

import threading

import pytest

from src.services.chat.circuit import CircuitBreaker
from src.services.chat.failures import ChatError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: CircuitBreaker, code: str = "model_server_error") -> None:
    with pytest.raises(ChatError), breaker.guard():
        raise ChatError(code, "failed")


def refused(breaker: CircuitBreaker) -> bool:
    try:
        with breaker.guard():
            return False
    except ChatError as error:
        return error.code == "model_circuit_open"


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = CircuitBreaker(failures=3, clock=Clock())
    fail(breaker)
    fail(breaker)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"
    assert refused(breaker)


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = CircuitBreaker(failures=2, clock=Clock())
    fail(breaker)
    with breaker.guard():
        pass
    fail(breaker)
    assert breaker.state == "closed"


@pytest.mark.parametrize("code", ["model_bad_request", "model_refused", "model_auth"])
def test_what_is_not_the_servers_failure_does_not_count(code: str) -> None:
    breaker = CircuitBreaker(failures=1, clock=Clock())
    fail(breaker, code)
    assert breaker.state == "closed"


def test_the_refusal_says_how_long_it_lasts() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, cooldown_s=30, clock=clock)
    fail(breaker)
    clock.now = 10
    with pytest.raises(ChatError, match="20 s"), breaker.guard():
        pass


def test_one_probe_goes_through_after_the_cooldown() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, cooldown_s=30, clock=clock)
    fail(breaker)
    clock.now = 30
    assert breaker.state == "half-open"
    with breaker.guard():
        assert refused(breaker)
    assert breaker.state == "closed"


def test_a_probe_that_fails_opens_it_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=5, cooldown_s=30, clock=clock)
    for _ in range(5):
        fail(breaker)
    clock.now = 30
    fail(breaker)
    assert breaker.state == "open"
    assert refused(breaker)


def test_a_probe_that_nobody_waited_for_gives_its_place_back() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, cooldown_s=30, clock=clock)
    fail(breaker)
    clock.now = 30
    with pytest.raises(KeyboardInterrupt), breaker.guard():
        raise KeyboardInterrupt
    assert breaker.state == "half-open"
    assert not refused(breaker)


def test_threads_get_one_probe_between_them() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, cooldown_s=1, clock=clock)
    fail(breaker)
    clock.now = 2
    admitted: list[int] = []
    start, done = threading.Barrier(8), threading.Event()

    def call(number: int) -> None:
        start.wait()
        try:
            with breaker.guard():
                admitted.append(number)
                done.wait(5)
        except ChatError:
            pass

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while sum(thread.is_alive() for thread in threads) > 1:
        threads[0].join(0.01)
    done.set()
    for thread in threads:
        thread.join(5)
    assert len(admitted) == 1
