"""A mixed list of rankings whose passages are cut in two ways shows no place of a document twice."""

from __future__ import annotations

import json

from src.agents.retrieval.fusion import Placed
from src.agents.retrieval.interleaved import Interleaved, interleave
from src.database.repositories.searching import Candidate

LINES = [f"Line {n} tells of thing number {n * n} and of nothing else at all." for n in range(1, 41)]


def candidate(key: str, document: str, first: int, last: int, content: str | None = None) -> Candidate:
    return Candidate(
        passage_id=key,
        kind="text",
        symbol=None,
        context="",
        text="\n".join(f"{document}: {line}" for line in LINES[first - 1 : last]),
        location=json.dumps({"start_line": first, "end_line": last}),
        attributes="{}",
        document_id=document,
        collection_id="c",
        external_id=document,
        title=document,
        uri=None,
        path=None,
        content_key=content or key,
    )


FOUND = {
    one.passage_id: one
    for one in (
        candidate("large 1-20", "a", 1, 20),
        candidate("large 21-40", "a", 21, 40),
        candidate("large b", "b", 1, 3, content="short"),
        candidate("small 1-5", "a", 1, 5),
        candidate("small 16-20", "a", 16, 20),
        candidate("small 21-25", "a", 21, 25),
        candidate("small b", "b", 1, 3, content="short"),
        candidate("small c", "c", 1, 5),
    )
}


def mixed(control: tuple[str, ...], treatment: tuple[str, ...]) -> Interleaved:
    lists = [[Placed(key, None, None, None, 1.0) for key in keys] for keys in (control, treatment)]
    return interleave(lists[0], lists[1], FOUND, 10, "seed", cut_otherwise=True)


def test_what_overlaps_what_is_shown_is_not_shown_beside_it() -> None:
    control = ("large 1-20", "large 21-40", "large b")
    treatment = ("small c", "small 16-20", "small 1-5", "small 21-25", "small b")
    for seed_order in ((control, treatment), (treatment, control)):
        shown = {item.passage_id for item, _ in mixed(*seed_order).shown}
        assert "small c" in shown
        assert len(shown & {"large b", "small b"}) == 1
        assert len(shown & {"large 21-40", "small 21-25"}) == 1
        assert not ("large 1-20" in shown and shown & {"small 1-5", "small 16-20"})


def test_a_rank_in_the_other_list_is_that_of_the_first_at_the_place() -> None:
    entries = mixed(("large 1-20", "large b"), ("small c", "small 16-20", "small 1-5", "small b")).entries
    by_id = {key: (entry.control_rank, entry.treatment_rank) for key, entry in entries.items()}
    assert by_id.get("large 1-20", (1, 2)) == (1, 2)
    assert by_id.get("small 16-20", (1, 2)) == (1, 2)
    assert by_id.get("large b", (2, 4)) == by_id.get("small b", (2, 4)) == (2, 4)
    assert by_id["small c"] == (None, 1)


def test_lists_of_the_same_places_agree_and_show_the_live_ones() -> None:
    list_ = mixed(("large 21-40", "large b"), ("small 21-25", "small b"))
    assert [item.passage_id for item, _ in list_.shown] == ["large 21-40", "large b"]
    assert {entry.team.value for entry in list_.entries.values()} == {"both"}
