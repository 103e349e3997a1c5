"""Passages that were cut in different ways stand at the same place where they share what is written there."""

from __future__ import annotations

from src.services.indexing.places import Place

LINES = [f"The {n}th line speaks of its own matter, which is number {n * n}." for n in range(1, 41)]


def place(first: int, last: int, document: str = "d") -> Place:
    return Place(document, first, last, "\n".join(LINES[first - 1 : last]))


def test_passages_that_share_lines_stand_at_the_same_place_whichever_way_round() -> None:
    whole, part, later = place(1, 20), place(15, 25), place(21, 30)
    assert whole.overlaps(part)
    assert part.overlaps(whole)
    assert part.overlaps(later)
    assert not whole.overlaps(later)
    assert whole.overlaps(whole)


def test_what_stands_within_another_stands_at_its_place() -> None:
    assert place(1, 40).overlaps(place(7, 8))
    assert place(7, 8).overlaps(place(1, 40))


def test_the_same_lines_of_another_document_are_another_place() -> None:
    assert not place(1, 20).overlaps(place(1, 20, "other"))


def test_parts_of_one_long_line_are_told_apart_by_their_words() -> None:
    line = " ".join(LINES)
    parts = [Place("d", 1, 1, line[start : start + 700]) for start in range(0, len(line), 700)]
    small = [Place("d", 1, 1, line[start : start + 350]) for start in range(0, len(line), 350)]
    assert not parts[0].overlaps(parts[1])
    assert [parts[0].overlaps(one) for one in small[:4]] == [True, True, False, False]
    shifted = Place("d", 1, 1, line[500:1000])
    assert [one.overlaps(shifted) for one in parts[:3]] == [True, True, False]


def test_words_that_are_repeated_elsewhere_in_the_document_are_not_the_same_place() -> None:
    text = "return the value that was given, or nothing at all where there is none"
    assert not Place("d", 3, 4, text).overlaps(Place("d", 90, 91, text))


def test_what_has_no_lines_is_found_by_its_words() -> None:
    text = "\n".join(LINES)
    one = Place("d", None, None, text[:900])
    assert one.overlaps(Place("d", None, None, text[500:1500]))
    assert not one.overlaps(Place("d", None, None, text[1500:2000]))
