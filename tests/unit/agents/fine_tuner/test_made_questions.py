"""Made-up questions never reach what a model is measured by."""

from __future__ import annotations

import pytest

from src.agents.fine_tuner.dataset import DatasetSettings, Draft, Surroundings, draft
from src.agents.fine_tuner.made import Made
from src.agents.fine_tuner.synthetic import questions_in
from src.agents.fine_tuner.votes import WEIGHTS, Exclusion, Origin, Vote
from src.core.ports import Vectors

from .making import apart, unit, vote


def made(key: str, content: str = "m1", *, excluded: Exclusion | None = None) -> Made:
    return Made(
        origin=Origin.SYNTHETIC,
        question=f"What is {key}?",
        question_key=key,
        content_key=content,
        document_id="d1",
        label=1.0,
        weight=WEIGHTS[Origin.SYNTHETIC],
        made_by="a model",
        excluded=excluded,
    )


def drafted(
    votes: list[Vote],
    questions: list[Made],
    *,
    vectors: dict[str, Vectors] | None = None,
    golden: dict[str, Vectors] | None = None,
    live: set[str] | None = None,
    settings: DatasetSettings | None = None,
) -> Draft:
    import numpy as np

    vectors = vectors or apart([one.question_key for one in votes] + [one.question_key for one in questions])
    contents = {one.content_key for one in votes if one.content_key} | {one.content_key for one in questions}
    proofs = list((golden or {}).values())
    width = len(next(iter(vectors.values())))
    around = Surroundings(
        live=contents if live is None else live,
        vectors=vectors,
        golden_keys=(golden or {}).keys(),
        golden_vectors=np.stack(proofs) if proofs else np.zeros((0, width), np.float32),
    )
    return draft(votes, around, settings or DatasetSettings(), questions)


def fate(found: Draft, key: str = "s1") -> Exclusion | None:
    return next(one.excluded for one in found.made if one.question_key == key)


def test_it_is_taken_beside_the_votes_and_counted_apart() -> None:
    plain, found = drafted([vote(1)], []), drafted([vote(1)], [made("s1")])
    assert fate(found) is None
    assert found.counts == plain.counts | {"synthetic": {"taken": 1, "excluded": {}}}
    assert found.judgments == plain.judgments, "folds are made of votes alone"
    assert found.digest != plain.digest
    assert (
        found.made[0].weight
        < min(weight for origin, weight in WEIGHTS.items() if origin != "synthetic") + 0.01
    )


def test_a_passage_that_readers_voted_on_needs_none() -> None:
    assert fate(drafted([vote(1, content="m1")], [made("s1")])) is Exclusion.ASKED
    down = [vote(1, content="m1", up=False), vote(2, "q2")]
    assert fate(drafted(down, [made("s1")])) is Exclusion.ASKED
    held = [vote(1, content="m1", hindrance=Exclusion.HELD), vote(2, "q2")]
    assert fate(drafted(held, [made("s1")])) is None


def test_nearly_a_reader_s_question_is_left_out() -> None:
    near = {"q1": unit(1.0), "s1": unit(1.0, 0.2)}
    assert fate(drafted([vote(1)], [made("s1")], vectors=near)) is Exclusion.REPEATED
    far = {"q1": unit(1.0), "s1": unit(0.0, 1.0)}
    assert fate(drafted([vote(1)], [made("s1")], vectors=far)) is None


def test_of_two_made_up_questions_that_are_nearly_the_same_one_is_taken() -> None:
    vectors = {"q1": unit(1.0), "q2": unit(0, 0, 1.0), "s1": unit(0.0, 1.0), "s2": unit(0.0, 1.0, 0.1)}
    found = drafted([vote(1), vote(2, "q2")], [made("s1"), made("s2", "m2")], vectors=vectors)
    assert (fate(found, "s1"), fate(found, "s2")) == (None, Exclusion.REPEATED)


@pytest.mark.parametrize("golden", [{"s1": unit(0, 1.0)}, {"g1": unit(0, 1.0, 0.2)}])
def test_a_question_of_a_golden_set_or_nearly_one_is_left_out(golden: dict[str, Vectors]) -> None:
    vectors = {"q1": unit(1.0), "s1": unit(0, 1.0)}
    assert fate(drafted([vote(1)], [made("s1")], vectors=vectors, golden=golden)) is Exclusion.GOLDEN


def test_a_passage_that_is_gone_and_one_that_the_search_did_not_find_are_left_out() -> None:
    assert fate(drafted([vote(1)], [made("s1")], live={"c1"})) is Exclusion.GONE
    unfound = drafted([vote(1)], [made("s1", excluded=Exclusion.UNFOUND)])
    assert fate(unfound) is Exclusion.UNFOUND
    assert unfound.counts["synthetic"] == {"taken": 0, "excluded": {Exclusion.UNFOUND.value: 1}}


def test_there_are_not_more_of_them_than_readers_asked() -> None:
    votes, questions = [vote(1), vote(2, "q2")], [made(f"s{n}", f"m{n}") for n in range(4)]
    assert drafted(votes, questions).counts["synthetic"]["taken"] == 2
    half = DatasetSettings(synthetic_share=0.5)
    assert drafted(votes, questions, settings=half).counts["synthetic"]["taken"] == 1
    assert drafted([vote(1, hindrance=Exclusion.HELD)], questions).counts["synthetic"]["taken"] == 0


def test_questions_are_read_from_a_reply_without_bullets_and_pointers() -> None:
    reply = (
        '1. How long does a parcel take?\n- "Who pays for returns?"\n* What does this passage say?\n\n(3) No.'
    )
    assert questions_in(reply, 5) == ["How long does a parcel take?", "Who pays for returns?"]
    assert questions_in(reply, 1) == ["How long does a parcel take?"]
    assert questions_in("NONE", 2) == []
    assert questions_in("How long is it?\nhow long  is it?", 5) == ["how long is it?"]
    assert questions_in("Why " + "x" * 400, 2) == []
