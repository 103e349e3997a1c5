"""A hard negative ranks high, is not the right passage by another name, and helped nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.agents.fine_tuner.examples import Asked, Pool
from src.agents.fine_tuner.negatives import NegativeSettings, hard_negatives
from src.core.ports import Vectors

from .making import unit

NAMES = ("cosine", "bm25")
RIGHT = "right"
CONTENTS = (RIGHT, *(f"other{number:02}" for number in range(60)))
DOCUMENTS = {key: f"of {key}" for key in CONTENTS}


def pool(fused: dict[str, float] | None = None, dense: dict[str, float] | None = None) -> Pool:
    """The right passage first, the others one after the other below it."""
    cosines = np.array([1.0 - 0.012 * place for place in range(len(CONTENTS))])
    scores = cosines + 0.1
    for changed, given in ((scores, fused), (cosines, dense)):
        for key, value in (given or {}).items():
            changed[CONTENTS.index(key)] = value
    bm25 = np.zeros(len(CONTENTS))
    return Pool(NAMES, CONTENTS, np.column_stack([cosines, bm25]), cosines, scores)


def texts() -> dict[str, Vectors]:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(len(CONTENTS), 16)).astype(np.float32)
    return dict(zip(CONTENTS, rows / np.linalg.norm(rows, axis=1, keepdims=True), strict=True))


def asked(key: str = "q", *ups: str) -> Asked:
    return Asked(key, f"What is {key}?", dict.fromkeys(ups or (RIGHT,), 1.0), {})


def mined(
    questions: list[Asked] | None = None,
    pools: list[Pool] | None = None,
    vectors: dict[str, Vectors] | None = None,
    passages: dict[str, Vectors] | None = None,
    settings: NegativeSettings | None = None,
) -> list[str]:
    questions = questions or [asked()]
    made = hard_negatives(
        questions,
        vectors or {one.key: unit(1.0, number) for number, one in enumerate(questions)},
        pools or [pool() for _ in questions],
        passages or texts(),
        DOCUMENTS,
        settings,
    )
    return [one.content_key for one in made if one.question_key == questions[0].key]


def test_the_hardest_that_the_ranks_and_the_margin_allow_is_taken() -> None:
    # By meaning other04 is the sixth; it is within a twentieth of the right one.
    assert mined() == ["other04"]
    assert mined(settings=NegativeSettings(each=3)) == ["other04", "other05", "other06"]
    assert mined(settings=NegativeSettings(each=0)) == []


def test_what_is_nearly_as_good_as_the_right_passage_is_none() -> None:
    assert mined(settings=NegativeSettings(margin=0.9)) == ["other09"]
    assert mined(pools=[pool(fused={"other04": 1.09})]) == ["other05"]
    assert mined(pools=[pool(dense={f"other{n:02}": 0.99 for n in range(4, 60)})]) == []


def test_the_first_ranks_are_left_alone_however_wide_the_margin() -> None:
    assert mined(settings=NegativeSettings(margin=1.0)) == ["other04"]


def test_a_rank_by_words_qualifies_where_words_were_found() -> None:
    late = replace(NegativeSettings(), dense=(100, 200))
    assert mined(settings=late) == []
    found = pool()
    found.features[10:40, 1] = np.arange(40, 10, -1)
    assert mined(pools=[found], settings=late) == ["other14"]


def test_what_helped_with_a_question_like_it_is_none_and_what_helped_with_another_may_be() -> None:
    questions = [asked(), asked("like it", "other04")]
    pools = [pool(), pool()]
    near = {"q": unit(1.0), "like it": unit(1.0, 0.3)}
    assert mined(questions, pools, near) == ["other05"]
    far = {"q": unit(1.0), "like it": unit(0.0, 1.0)}
    assert mined(questions, pools, far) == ["other04"]


def test_a_text_nearly_the_same_as_the_right_one_or_without_a_vector_is_none() -> None:
    copies = texts()
    copies["other04"] = copies[RIGHT]
    assert mined(passages=copies) == ["other05"]
    del copies["other05"]
    assert mined(passages=copies) == ["other06"]


def test_a_question_whose_right_passage_is_not_found_has_none() -> None:
    assert mined([asked("q", "elsewhere")]) == []
    doubted = Asked("q", "What?", {RIGHT: 1.0}, {RIGHT: 2.0})
    assert mined([doubted]) == []


def test_a_negative_names_its_document_and_what_made_it() -> None:
    (one,) = hard_negatives([asked()], {"q": unit(1.0)}, [pool()], texts(), DOCUMENTS)
    assert (one.label, one.made_by, one.document_id) == (0.0, "mining", "of other04")


def test_what_stands_in_the_document_of_a_right_passage_is_none() -> None:
    documents = DOCUMENTS | {"other04": DOCUMENTS[RIGHT]}
    (one,) = hard_negatives([asked()], {"q": unit(1.0)}, [pool()], texts(), documents)
    assert one.content_key == "other05"
