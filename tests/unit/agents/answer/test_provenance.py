from __future__ import annotations

from src.agents.answer.draft import Cited
from src.agents.answer.provenance import citation, narrowed
from src.core.passages import Location

from .hits import hit

TEXT = "one\ntwo\nthree\nfour"
PLACE = Location(path="a.py", start_line=10, end_line=13, commit="c0ffee")


def test_a_citation_opens_at_the_lines_of_its_quote() -> None:
    assert narrowed(PLACE, TEXT, "two\nthree") == PLACE.model_copy(update={"start_line": 11, "end_line": 12})
    assert narrowed(PLACE, TEXT, "our").start_line == 13
    assert narrowed(PLACE, TEXT + "\n", "three\n").end_line == 12


def test_where_lines_do_not_match_the_passage_is_cited() -> None:
    assert narrowed(PLACE, "one two", "two") == PLACE
    assert narrowed(PLACE, TEXT, "absent") == PLACE
    assert narrowed(PLACE, TEXT, "") == PLACE
    assert narrowed(Location(page=3), TEXT, "two") == Location(page=3)


def test_a_citation_tells_the_version_that_was_quoted() -> None:
    made = citation(Cited(2, "two"), hit(2, TEXT, location=PLACE), {"d2": "abc"})
    assert (made.marker, made.quote, made.passage_id, made.content_hash) == ("2", "two", "p2", "abc")
    assert made.location.start_line == 11
