"""Folding of passages with nearly the same text."""

from __future__ import annotations

import random

import pytest

from src.agents.retrieval.duplicates import fold

FUNCTION = """def read_lines(path, encoding="utf-8"):
    with open(path, encoding=encoding) as file:
        for number, line in enumerate(file, start=1):
            yield number, line.rstrip()
"""
PROSE = " ".join(
    f"The {word} of the river is measured every {day}."
    for word, day in zip(
        ["depth", "width", "speed", "colour", "warmth", "course"],
        ["Monday", "Tuesday", "June", "July", "noon", "year"],
        strict=True,
    )
)


def test_equal_texts_fold_into_the_best_ranked() -> None:
    ranked = [("a", FUNCTION), ("b", PROSE), ("c", FUNCTION), ("d", PROSE), ("e", FUNCTION)]
    assert fold(ranked) == [("a", ("c", "e")), ("b", ("d",))]


@pytest.mark.parametrize(
    "variant",
    [FUNCTION.upper(), FUNCTION.replace("    ", "\t"), f"\n\n{FUNCTION}  ", " ".join(FUNCTION.split())],
)
def test_case_and_white_space_make_no_difference(variant: str) -> None:
    assert fold([("a", FUNCTION), ("b", variant)]) == [("a", ("b",))]


def test_a_small_edit_of_a_long_text_folds_and_a_large_one_does_not() -> None:
    words = [f"word{number}" for number in range(200)]
    edited = [*words[:100], "changed", *words[101:]]
    rewritten = [*words[:100], *(f"other{number}" for number in range(100))]
    ranked = [("a", " ".join(words)), ("b", " ".join(edited)), ("c", " ".join(rewritten))]
    assert fold(ranked) == [("a", ("b",)), ("c", ())]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return a + b", "return a - b"),
        ("if x == y:\n    stop()", "if x != y:\n    stop()"),
        ("", "x"),
        ("pass", "return"),
        (FUNCTION, FUNCTION + PROSE),
        ("f(1)", "f(2)"),
    ],
)
def test_what_means_something_else_stays(one: str, other: str) -> None:
    assert fold([("a", one), ("b", other)]) == [("a", ()), ("b", ())]


def test_texts_without_a_word_fold_only_with_their_like() -> None:
    assert fold([("a", "…"), ("b", ""), ("c", " … "), ("d", "\n")]) == [("a", ("c",)), ("b", ("d",))]
    assert fold([]) == []


def test_the_quick_checks_agree_with_comparing_all_shingles() -> None:
    choose = random.Random(7)
    vocabulary = ["".join(choose.choices("etaoxy", k=choose.randint(1, 9))) for _ in range(60)]
    base = [choose.choice(vocabulary) for _ in range(120)]
    ranked = []
    for number in range(60):
        words = list(base)
        for _ in range(number // 6):
            words[choose.randrange(len(words))] = choose.choice(vocabulary)
        ranked.append((str(number), " ".join(words)))

    def shingles(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return set(zip(words, words[1:], words[2:], words[3:], strict=False))

    kept: list[str] = []
    for key, text in ranked:
        alike = [
            other
            for other in kept
            if len(shingles(text) & shingles(dict(ranked)[other]))
            >= 0.9 * len(shingles(text) | shingles(dict(ranked)[other]))
        ]
        if not alike:
            kept.append(key)
    assert [key for key, _ in fold(ranked)] == kept
    assert 1 < len(kept) < 60
