"""Answers while they are written. Where a reader leaves, the model's call ends; what it wrote is stored."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from src.core.context import Context
from src.core.errors import AppError, TooManyRequestsError
from src.core.messages.base import Message
from src.core.messages.questions import Answer, AnswerCitation, AnswerDelta, AskQuestion, Retrieved
from src.web.problems import Problem, problem_of

from .feed import Feed

log = logging.getLogger(__name__)

AnswerPart = Retrieved | AnswerDelta | AnswerCitation | Answer | Problem
_Outcome = AnswerPart | Exception
_UNBOUNDED = 2**31
_EARLY_TICKS = 2


class AnswerStreams:
    """Runs questions in threads of their own, at most ``limit`` at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def follow(self, question: AskQuestion, ctx: Context) -> Iterator[AnswerPart | None]:
        """What the answer is made of as it comes, the whole `Answer` or a `Problem` last; None about
        every second without a part. Closing it tells the writer that nobody reads on.

        Starts at once. Raises TooManyRequestsError at the limit, and what the question failed with
        where it fails early, before anything was sent.
        """
        feed: Feed[_Outcome] = Feed(_UNBOUNDED)  # an answer ends, so the feed is bounded by it
        left = threading.Event()
        told = replace(ctx, emit=_into(feed), abandoned=left.is_set)
        thread = threading.Thread(target=self._work, args=(question, told, feed), name="answer", daemon=True)
        with self._lock:
            if len(self._running) >= self._limit:
                raise TooManyRequestsError(
                    f"{self._limit} answers are being written; ask again in a few seconds."
                )
            self._running.add(thread)
        thread.start()
        outcomes = iter(feed)
        early = itertools.islice(outcomes, _EARLY_TICKS)
        first: _Outcome | None = next((outcome for outcome in early if outcome is not None), None)
        if isinstance(first, Exception):
            raise first
        return _parts(itertools.chain([first], outcomes), ctx.correlation_id, left)

    def finish(self, within_s: float) -> None:
        """Wait for the answers that are being written, so that they are stored."""
        deadline = time.monotonic() + within_s
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, question: AskQuestion, ctx: Context, feed: Feed[_Outcome]) -> None:
        try:
            feed.put(ctx.orchestrator.ask(question, ctx))
        except Exception as error:  # noqa: BLE001 - raised or told in the reader's thread
            feed.put(error)
        finally:
            feed.close()
            with self._lock:
                self._running.discard(threading.current_thread())


def _into(feed: Feed[_Outcome]) -> Callable[[Message], None]:
    def emit(part: Message) -> None:
        if isinstance(part, Retrieved | AnswerDelta | AnswerCitation):
            feed.put(part)

    return emit


def _parts(
    outcomes: Iterator[_Outcome | None], correlation_id: str, left: threading.Event
) -> Iterator[AnswerPart | None]:
    try:
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                if not isinstance(outcome, AppError):
                    log.error("a streamed answer failed [%s]", correlation_id, exc_info=outcome)
                yield problem_of(outcome, correlation_id)
            else:
                yield outcome
    finally:
        left.set()
