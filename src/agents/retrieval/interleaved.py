"""The list that a search in an experiment shows: two rankings, interleaved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from src.database.repositories.searching import Candidate
from src.services.evaluation.assignment import fraction
from src.services.evaluation.interleaving import Entry, Team, team_draft
from src.services.indexing.places import Place

from .fusion import Placed
from .hits import Shown, folded


@dataclass(frozen=True)
class Interleaved:
    """What is shown, and whose it is: ``entries`` by passage id."""

    shown: list[Shown]
    entries: dict[str, Entry]


def interleave(
    control: Sequence[Placed],
    treatment: Sequence[Placed],
    found: Mapping[str, Candidate],
    k: int,
    seed: str,
    *,
    cut_otherwise: bool = False,
) -> Interleaved:
    """Team-draft the two rankings, each folded by itself; a passage shows the scores of whoever placed it,
    and near-duplicates count as one passage. Where documents are ``cut_otherwise`` in the treatment's index,
    passages that stand at the same place do."""
    mine, theirs = folded(control, found), folded(treatment, found)
    twins = {twin: item.passage_id for item, duplicates in mine for twin in duplicates}
    by_id: dict[str, Shown] = {}
    for item, duplicates in (*theirs, *mine):
        by_id[item.passage_id] = (item, duplicates)
    entries = team_draft(
        [item.passage_id for item, _ in mine],
        [item.passage_id for item, _ in theirs],
        k,
        seed=seed,
        twins=twins,
        same=_same_places(mine, theirs, found) if cut_otherwise else None,
    )
    return Interleaved([by_id[entry.passage_id] for entry in entries], {e.passage_id: e for e in entries})


def _same_places(
    mine: Sequence[Shown], theirs: Sequence[Shown], found: Mapping[str, Candidate]
) -> dict[str, list[str]]:
    """By passage, those of the other ranking that stand where it or one of its near-duplicates does, or that
    are the same words."""
    same: dict[str, list[str]] = {}
    at: dict[str, list[tuple[str, Place]]] = {}
    of: dict[str, list[str]] = {}
    for other, candidate in _stood_for(theirs, found):
        at.setdefault(candidate.document_id, []).append((other, _place(candidate)))
        of.setdefault(candidate.content_key, []).append(other)
    meetings = {
        (one, other)
        for one, candidate in _stood_for(mine, found)
        for other in (
            *of.get(candidate.content_key, ()),
            *_overlapping(candidate, at.get(candidate.document_id, ())),
        )
    }
    for one, other in sorted(meetings):
        same.setdefault(one, []).append(other)
        same.setdefault(other, []).append(one)
    return same


def _stood_for(shown: Sequence[Shown], found: Mapping[str, Candidate]) -> Iterator[tuple[str, Candidate]]:
    """Each passage with itself and with its near-duplicates."""
    for item, duplicates in shown:
        for key in (item.passage_id, *duplicates):
            yield item.passage_id, found[key]


def _overlapping(candidate: Candidate, there: Sequence[tuple[str, Place]]) -> Iterator[str]:
    """The passages of the same document that stand where this one does."""
    if there:
        place = _place(candidate)
        yield from (other for other, its in there if place.overlaps(its))


def _place(candidate: Candidate) -> Place:
    return Place.of(candidate.document_id, json.loads(candidate.location), candidate.text)


def first_to_rank(seed: str) -> tuple[Team, Team]:
    """The two sides in the order in which they rank, by a coin that has nothing to do with the draft's."""
    teams = (Team.CONTROL, Team.TREATMENT)
    return teams if fraction("ranks first", seed) < 0.5 else (Team.TREATMENT, Team.CONTROL)
