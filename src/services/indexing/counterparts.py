"""What stands at the place of a passage that was voted on where documents are cut otherwise.

A vote names the content of a passage. Where a collection has several cuttings, or had another one when the
vote was given, its counterparts are what the vote is about in each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from src.database.repositories.counterparts import Content, Counterparts
from src.database.uow import UnitOfWork

from .places import Place


def complete(work: UnitOfWork, collection_id: str) -> bool:
    """Find the counterparts that voted contents lack in the cuttings that the collection's indexes have; true
    where some changed. Nothing is looked for where there is one cutting.

    What stands in a cutting itself has none there, also where it came to stand there later; and what was
    found anew stands for the content alone, not beside what is there no more."""
    collection = work.collections.find(collection_id)
    if collection is None:
        return False
    cuttings = {collection.cutting, *(index.cutting for index in work.indexes.written(collection_id))}
    if len(cuttings) == 1:
        return False
    counterparts = Counterparts(work.session, collection_id)
    voted = counterparts.voted()
    found = False
    for cutting in sorted(cuttings):
        home = counterparts.at_home(voted, cutting)
        lacking = voted - home - counterparts.translated(cutting)
        rows = _found(counterparts, lacking, cutting) if lacking else set()
        outdated = counterparts.translated(cutting, standing=False) & (home | {key for key, _ in rows})
        counterparts.drop(cutting, outdated)
        counterparts.add(cutting, rows)
        found = found or bool(rows) or bool(outdated)
    return found


def _found(counterparts: Counterparts, lacking: Iterable[str], cutting: str) -> set[tuple[str, str]]:
    """Pairs of a content and a counterpart. What is found in no cutting itself is looked for by way of the
    counterparts that it had."""
    # A content, and those that are known to stand at its place in other cuttings.
    names = counterparts.known(lacking)
    standing = counterparts.standing({name for found in names.values() for name in found}, but=cutting)
    documents = {content.document_id for found in standing.values() for content in found}
    there: dict[str, list[tuple[Place, str]]] = {}
    for content in counterparts.cut(documents, cutting):
        there.setdefault(content.document_id, []).append((_place(content), content.key))
    return {
        (key, counterpart)
        for key, found in names.items()
        for content in _contents(found, standing)
        for voted in (_place(content),)
        for place, counterpart in there.get(content.document_id, ())
        if place.overlaps(voted)
    }


def _contents(names: Iterable[str], standing: Mapping[str, list[Content]]) -> Iterable[Content]:
    return (content for name in names for content in standing.get(name, ()))


def _place(content: Content) -> Place:
    location: Mapping[str, Any] = content.location
    return Place.of(content.document_id, location, content.text)
