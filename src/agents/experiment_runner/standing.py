"""What counts as the same place where models are judged that rank passages cut in different ways."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


def places(liked: Collection[str], counterparts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A name for the place of each liked content and of its counterparts: the one list finds a place by the
    one, another list by the others. Two that are one passage elsewhere are one place for all lists, so that
    none is asked for more than it can show."""
    found: dict[str, str] = {}
    for key in sorted(liked):
        same = {key, *counterparts.get(key, ())}
        known = {found[each] for each in same if each in found}
        name = min({key, *known})
        found.update(dict.fromkeys(same, name))
        for other, place in found.items():
            if place in known:
                found[other] = name
    return found
