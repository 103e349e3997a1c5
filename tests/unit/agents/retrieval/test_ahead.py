"""The threads that work for a search."""

from __future__ import annotations

from src.agents.retrieval.ahead import Ahead
from src.core.trace import correlated, current_correlation


def test_what_another_thread_logs_belongs_to_the_search_that_it_works_for() -> None:
    with Ahead() as ahead:
        with correlated("first"):
            first = ahead.submit(current_correlation)
        with correlated("second"):
            second = ahead.submit(current_correlation)
        assert (first.result(), second.result()) == ("first", "second")
