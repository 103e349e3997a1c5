"""Who asks what, and what is never asked."""

from __future__ import annotations

import pytest

from src.cli.exits import UsageError
from src.cli.simulation.agenda import agenda, split
from src.cli.simulation.labelled import Question
from src.cli.simulation.scene import Scene


def questions(count: int, *, shared: int = 1) -> list[Question]:
    """Each ``shared`` questions in a row have their right document in common."""
    return [Question(f"q{n}", f"question {n}", {f"d{n // shared}": 1.0}, f"q{n}") for n in range(count)]


def test_the_never_asked_questions_are_their_share_and_none_is_lost() -> None:
    made = questions(40)
    parts = split(made, share=0.25, apart="question", seed=3)
    assert len(parts.kept) == 10
    assert {q.id for q in parts.asked} | {q.id for q in parts.kept} == {q.id for q in made}
    assert not {q.id for q in parts.asked} & {q.id for q in parts.kept}


def test_the_same_seed_divides_alike_and_another_one_differently() -> None:
    made = questions(40)
    first, again, other = (split(made, share=0.25, apart="question", seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_apart_by_passage_no_right_document_is_on_both_sides() -> None:
    made = questions(60, shared=3)
    parts = split(made, share=0.3, apart="passage", seed=0)
    asked = {document for question in parts.asked for document in question.labels}
    kept = {document for question in parts.kept for document in question.labels}
    assert parts.kept
    assert not asked & kept
    together = split(made, share=0.3, apart="question", seed=0)
    assert {d for q in together.asked for d in q.labels} & {d for q in together.kept for d in q.labels}


def test_a_group_is_asked_as_a_whole_or_not_at_all() -> None:
    made = [Question(f"q{n}", f"question {n}", {f"d{n}": 1.0}, f"thread {n // 4}") for n in range(40)]
    parts = split(made, share=0.25, apart="question", seed=0)
    assert not {q.group for q in parts.asked} & {q.group for q in parts.kept}


@pytest.mark.parametrize(("count", "share"), [(1, 0.5), (10, 0.0), (10, 1.0)])
def test_a_division_that_leaves_a_side_empty_is_refused(count: int, share: float) -> None:
    with pytest.raises(UsageError, match="cannot be divided"):
        split(questions(count), share=share, apart="question", seed=0)


def test_no_question_is_asked_again_before_all_were_asked_and_never_twice_by_one_reader() -> None:
    made = questions(20)
    visits = agenda(made, readers=5, interactions=70, seed=0)
    assert [visit.number for visit in visits] == list(range(1, 71))
    for start in range(0, 60, 20):
        assert len({visit.question.id for visit in visits[start : start + 20]}) == 20
    assert len({(visit.reader, visit.question.id) for visit in visits}) == 70


def test_more_interactions_than_readers_and_questions_allow_begin_anew() -> None:
    visits = agenda(questions(3), readers=2, interactions=12, seed=0)
    pairs = [(visit.reader, visit.question.id) for visit in visits]
    assert len(set(pairs[:6])) == len(set(pairs[6:])) == 6


def test_some_readers_ask_more_than_others() -> None:
    visits = agenda(questions(1000), readers=10, interactions=1000, seed=0)
    times = [sum(visit.reader == reader for visit in visits) for reader in range(10)]
    assert times[0] > 2 * times[9] > 0
    assert times[0] < 0.25 * 1000


def test_the_checkpoints_before_the_end_are_the_usual_ones() -> None:
    assert Scene(interactions=2000).checkpoints == [100, 250, 500, 1000, 2000]
    assert Scene(interactions=300).checkpoints == [100, 250, 300]
    assert Scene(interactions=40).checkpoints == [40]


def test_liars_stand_evenly_among_the_readers() -> None:
    cast = Scene(readers=10, liars=0.3).cast
    assert cast.count("liar") == 3
    assert cast[0] == "honest"
    assert Scene(readers=4, liars=1.0).cast == ["liar"] * 4
    assert Scene(readers=4).cast == ["honest"] * 4
