"""What is counted as work of an agent, and what is not."""

from __future__ import annotations

import pytest

from src.core.consumer import AlreadyHandledError
from src.core.errors import RetryLater
from src.core.tally import Tally


class Journal:
    """Adds up what is flushed."""

    def __init__(self) -> None:
        self.handled = self.failed = 0
        self.error: str | None = None

    def count(self, name: str, *, handled: int, failed: int, error: str | None) -> None:
        assert name == "baker"
        self.handled += handled
        self.failed += failed
        self.error = error or self.error


def test_work_is_shown_while_it_is_done_and_counted_after() -> None:
    journal = Journal()
    tally = Tally(journal)
    with tally.busy("baker", "bread"):
        assert tally.current("baker") == ("bread",)
    with pytest.raises(ValueError, match="burnt"), tally.busy("baker", "cake"):
        raise ValueError("burnt")
    assert tally.current("baker") == ()
    tally.flush()
    tally.flush()
    assert (journal.handled, journal.failed, journal.error) == (1, 1, "ValueError: burnt")


@pytest.mark.parametrize("reason", [RetryLater(1.0), AlreadyHandledError("e")])
def test_an_event_that_is_put_off_or_was_handled_elsewhere_is_neither_handled_nor_failed(
    reason: Exception,
) -> None:
    journal = Journal()
    tally = Tally(journal)
    with pytest.raises(type(reason)), tally.busy("baker", "bread"):
        raise reason
    tally.flush()
    assert (journal.handled, journal.failed) == (0, 0)
    assert tally.current("baker") == ()


def test_counts_that_cannot_be_kept_now_are_kept_later() -> None:
    class Away(Journal):
        def count(self, name: str, *, handled: int, failed: int, error: str | None) -> None:
            raise OSError("the database is away")

    journal = Journal()
    tally = Tally(Away())
    tally.note("baker")
    with pytest.raises(OSError, match="away"):
        tally.flush()
    tally.journal = journal
    tally.note("baker", "ValueError: burnt")
    tally.flush()
    assert (journal.handled, journal.failed, journal.error) == (1, 1, "ValueError: burnt")
