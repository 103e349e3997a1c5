"""How far a job is, while more of its files are queued beside it."""

from collections.abc import Iterator

from src.agents.ingestion.reach import Reach


def test_files_that_needed_nothing_count_as_done() -> None:
    reach = Reach(iter([100]), 230)
    assert reach.further()
    # Of the first hundred files three had changed; one of them is done.
    assert reach.of(1, 3) == (98, 230)


def test_what_is_shown_never_goes_back_while_documents_are_queued() -> None:
    shown: list[tuple[int, int]] = []

    def intake() -> Iterator[int]:
        yield 100
        # The documents of the second part are in SQL already when somebody looks.
        shown.append(reach.of(40, 200))
        yield 200

    reach = Reach(intake(), 200)
    reach.further()
    shown.append(reach.of(40, 100))
    reach.further()
    shown.append(reach.of(41, 200))
    assert shown == [(40, 200), (40, 200), (41, 200)]


def test_a_job_that_queues_nothing_has_the_documents_that_it_came_with() -> None:
    reach = Reach(iter(()))
    assert not reach.further()
    assert reach.of(2, 5) == (2, 5)


def test_a_job_that_was_cut_short_goes_on_from_what_it_had_queued() -> None:
    reach = Reach(iter([100, 230]), 230)
    assert reach.of(97, 150) == (97, 230)
    assert reach.of(150, 150) == (150, 230)
    # The files that were queued before are looked at once more.
    assert reach.further()
    assert reach.of(150, 150) == (150, 230)
    assert reach.further()
    assert reach.of(150, 160) == (220, 230)
