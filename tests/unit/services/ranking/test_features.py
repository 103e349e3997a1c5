"""The features: what a candidate shows."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest

from src.services.ranking.features import Candidate, FeatureExtractor, QuestionPool
from src.services.ranking.signals import Length, standard_features
from src.services.ranking.words import PassageWords, Question
from src.services.text.analyser import Analyser

CODE = 'def read_config(path):\n    """Read the settings of a file."""\n    return tomllib.load(path)'
PROSE = "Vaccines are given in two doses.\nThe second dose follows 21 days later."


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


def pool_of(analyser: Analyser, question: str, *passages: tuple[str, str, float, float]) -> QuestionPool:
    candidates = [
        Candidate(f"p{n}", PassageWords.of(analyser, title=title, text=text), dense, lexical)
        for n, (title, text, dense, lexical) in enumerate(passages)
    ]
    return QuestionPool(Question.of(analyser, question), candidates)


def columns(pool: QuestionPool) -> dict[str, list[float]]:
    extractor = FeatureExtractor(standard_features())
    return dict(zip(extractor.names, extractor.extract(pool).T.tolist(), strict=True))


def test_scores_come_plain_relative_and_by_rank(analyser: Analyser) -> None:
    found = columns(pool_of(analyser, "doses", ("", CODE, 0.2, 0.0), ("", PROSE, 0.6, 4.0)))
    assert found["cosine"] == [0.2, 0.6]
    assert found["cosine_z"] == pytest.approx([-1.0, 1.0])
    assert found["cosine_rank"] == pytest.approx([10 / 12, 10 / 11])
    assert found["bm25_share"] == [0.0, 1.0]
    assert found["bm25"] == pytest.approx([0.0, np.log(5)])


def test_words_are_found_by_stem_in_the_part_that_a_feature_names(analyser: Analyser) -> None:
    found = columns(
        pool_of(
            analyser,
            "reading configs",
            ("", CODE, 0.5, 1.0),
            ("Reading a config", PROSE, 0.5, 1.0),
            ("", PROSE, 0.5, 0.0),
        )
    )
    assert found["coverage"] == pytest.approx([1.0, 1.0, 0.0])
    assert found["opening_coverage"] == pytest.approx([1.0, 0.0, 0.0])
    assert found["title_coverage"] == pytest.approx([0.0, 1.0, 0.0])
    assert found["title_precision"] == pytest.approx([0.0, 1.0, 0.0])
    assert found["pairs"] == pytest.approx([1.0, 1.0, 0.0])


def test_a_rare_stem_weighs_more_than_one_that_every_candidate_has(analyser: Analyser) -> None:
    found = columns(
        pool_of(
            analyser,
            "dose settings",
            ("", "dose settings", 0.1, 1.0),
            ("", "dose", 0.1, 1.0),
            ("", "dose again", 0.1, 1.0),
        )
    )
    assert found["rarest"] == [1.0, 0.0, 0.0]
    assert found["coverage"][1] < 0.3


def test_names_quotations_and_numbers_must_stand_as_they_are_written(analyser: Analyser) -> None:
    found = columns(
        pool_of(
            analyser,
            "call `load(path)` of read_config 21 times",
            ("", CODE, 0.1, 1.0),
            ("", PROSE, 0.1, 0.5),
        )
    )
    assert found["quotations"] == [1.0, 0.0]
    assert found["numbers"] == [0.0, 1.0]
    assert found["identifiers"][0] > found["identifiers"][1] == 0.0


@pytest.mark.parametrize("question", ["", "the of and", "???", "x" * 5000, "文档 検索", "\"\" `` ''"])
def test_any_question_gives_finite_numbers(analyser: Analyser, question: str) -> None:
    pool = pool_of(analyser, question, ("", "", 0.0, 0.0), ("T", PROSE, -0.1, 0.0), ("", "\0 \n", 0.0, 0.0))
    assert np.isfinite(FeatureExtractor(standard_features()).extract(pool)).all()


def test_an_empty_pool_has_no_rows(analyser: Analyser) -> None:
    extractor = FeatureExtractor(standard_features())
    assert extractor.extract(pool_of(analyser, "anything")).shape == (0, len(extractor.names))


def test_a_feature_of_ones_own_is_one_class_with_a_name(analyser: Analyser) -> None:
    class Shouting:
        name = "shouting"

        def values(self, pool: QuestionPool) -> np.ndarray:
            return np.array([float("!" in words.plain) for words in pool.words])

    extractor = FeatureExtractor([Length(), Shouting()])
    table = extractor.extract(pool_of(analyser, "hey", ("", "hey!", 0.1, 0.1), ("", "hey", 0.1, 0.1)))
    assert extractor.names == ("length", "shouting")
    assert table[:, 1].tolist() == [1.0, 0.0]


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        FeatureExtractor([Length(), Length()])


def test_eighty_candidates_take_a_few_milliseconds(analyser: Analyser) -> None:
    words = [PassageWords.of(analyser, title="", text=f"{CODE}\n{PROSE} {n}" * 4) for n in range(80)]
    extractor = FeatureExtractor(standard_features())
    took = []
    for _ in range(9):
        candidates = [Candidate(str(n), word, n / 80, float(n)) for n, word in enumerate(words)]
        start = time.perf_counter()
        question = Question.of(analyser, "how to read a `config` file with load_settings in 21 days")
        extractor.extract(QuestionPool(question, candidates))
        took.append(time.perf_counter() - start)
    assert statistics.median(took) < 0.015  # 1 to 3 ms on a free core
