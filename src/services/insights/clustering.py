"""Grouping questions that are alike."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def overlap(sets: Sequence[Collection[Hashable]]) -> Floats:
    """The cosine of each two sets, taken as vectors of zeros and ones; two empty sets are alike.
    Shape ``(sets, sets)``."""
    columns = {item: place for place, item in enumerate(dict.fromkeys(i for one in sets for i in one))}
    rows = np.zeros((len(sets), len(columns) + 1), np.float32)
    for row, items in enumerate(sets):
        places = [columns[item] for item in items] or [len(columns)]
        rows[row, places] = len(places) ** -0.5
    return rows @ rows.T


def groups(similarity: Floats, threshold: float) -> list[list[int]]:
    """Join what is alike on average: the places of each group, in order, the group of the first place first.

    ``similarity`` is symmetric, of shape ``(items, items)``. Two groups are joined while the mean similarity
    across them is at least ``threshold``, the most alike first. That is average linkage, by chains of nearest
    neighbours (F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", 1983): as
    many rows are read as there are items, about, and the outcome does not depend on where a chain begins.
    """
    total = similarity.astype(np.float64)
    sizes = np.ones(len(total))
    members = [[place] for place in range(len(total))]
    open_ = np.ones(len(total), bool)
    found: list[list[int]] = []
    chain: list[int] = []
    while open_.any():
        if not chain:
            chain.append(int(np.argmax(open_)))
        tip = chain[-1]
        means = np.where(open_, total[tip] / (sizes * sizes[tip]), -np.inf)
        means[tip] = -np.inf
        nearest = int(np.argmax(means))
        before = chain[-2] if len(chain) > 1 else None
        if means[nearest] < threshold:
            # Joining others makes none of them more alike to this one than the nearest is now.
            open_[tip] = False
            found.append(sorted(members[tip]))
            chain.pop()
        elif before is not None and means[before] >= means[nearest]:
            chain = chain[:-2]
            open_[tip] = False
            total[before] += total[tip]
            total[:, before] = total[before]
            sizes[before] += sizes[tip]
            members[before] += members[tip]
        else:
            chain.append(nearest)
    return sorted(found)


def central(similarity: Floats, places: Sequence[int]) -> int:
    """The place that is most alike to the others of its group; the first of equals."""
    within = similarity[np.ix_(places, places)].sum(axis=1)
    return places[int(np.argmax(np.round(within, 4)))]
