from __future__ import annotations

import pytest

from src.services.text.evidence import EvidenceCheck
from tests.unit.agents.answer.hits import hit, words

CHECK = EvidenceCheck(words)
QUESTION = "How is the garbage collector tuned?"


def test_nothing_found_is_never_enough() -> None:
    assert not CHECK.weigh(QUESTION, [], quoting=False).enough


@pytest.mark.parametrize(("dense", "quoting", "generating"), [(0.2, False, False), (0.7, True, True)])
def test_far_passages_are_weak_and_near_ones_enough(dense: float, quoting: bool, generating: bool) -> None:
    hits = [hit(1, "Something about other matters.", dense=dense)]
    assert CHECK.weigh(QUESTION, hits, quoting=True).enough is quoting
    assert CHECK.weigh(QUESTION, hits, quoting=False).enough is generating


def test_words_of_the_question_in_one_passage_add_strength() -> None:
    bare = CHECK.weigh(QUESTION, [hit(1, "Other matters.", dense=0.3)], quoting=True)
    worded = CHECK.weigh(QUESTION, [hit(1, "Tuning the garbage collector.", dense=0.3)], quoting=True)
    assert (bare.coverage, worded.coverage) == (0.0, 1.0)
    assert (bare.enough, worded.enough) == (False, True)


def test_one_common_word_of_several_is_chance() -> None:
    table = hit(1, "France: fr_FR.ISO8859-1", dense=0.335)
    assert not CHECK.weigh("What is the capital of France?", [table], quoting=True).enough
    assert not CHECK.weigh("What is the capital of France?", [table], quoting=False).enough
    answer = hit(1, "Paris is the capital of France.", dense=0.335)
    assert CHECK.weigh("What is the capital of France?", [answer], quoting=True).enough


def test_a_question_of_one_word_is_covered_by_that_word() -> None:
    assert CHECK.weigh("timeit?", [hit(1, "timeit measures.", dense=0.2)], quoting=True).coverage == 1.0
    assert CHECK.weigh("timeit?", [hit(1, "Other matters.", dense=0.2)], quoting=True).coverage == 0.0


def test_a_model_is_asked_where_a_quotation_would_be_too_bold() -> None:
    hits = [hit(1, "Other matters.", dense=0.40)]
    assert not CHECK.weigh(QUESTION, hits, quoting=True).enough
    assert CHECK.weigh(QUESTION, hits, quoting=False).enough


def test_a_question_without_words_rests_on_the_cosine() -> None:
    assert CHECK.weigh("???", [hit(1, "x", dense=0.9)], quoting=True).coverage == 0.0
