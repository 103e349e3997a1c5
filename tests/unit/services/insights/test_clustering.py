"""Groups of what is alike."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.insights.clustering import Floats, central, groups, overlap


def near(centres: int, each: int, seed: int) -> tuple[Floats, list[int]]:
    """Unit vectors around orthogonal centres, shuffled, and the centre of each."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(centres), each))
    vectors = np.eye(centres, 32)[labels] + random.normal(0, 0.08, (len(labels), 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T).astype(np.float32), labels.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_what_lies_around_one_centre_is_one_group(seed: int) -> None:
    similarity, labels = near(6, 7, seed)
    found = groups(similarity, 0.5)
    assert len(found) == 6
    assert all(len({labels[place] for place in group}) == 1 for group in found)
    assert sorted(place for group in found for place in group) == list(range(42))


def test_the_order_of_the_items_does_not_matter() -> None:
    similarity, _ = near(5, 6, 3)
    order = np.random.default_rng(9).permutation(len(similarity))
    moved = groups(similarity[np.ix_(order, order)], 0.5)
    assert sorted(sorted(int(order[place]) for place in group) for group in moved) == groups(similarity, 0.5)


def test_groups_are_those_of_greedy_average_linkage() -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(40, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = (vectors @ vectors.T).astype(np.float32)
    assert groups(similarity, 0.3) == greedy(similarity, 0.3)


def greedy(similarity: Floats, threshold: float) -> list[list[int]]:
    """Join the two most alike groups of all, as long as they are alike enough."""
    found = [[place] for place in range(len(similarity))]
    while len(found) > 1:
        means = {
            (a, b): float(similarity[np.ix_(found[a], found[b])].mean())
            for a in range(len(found))
            for b in range(a)
        }
        a, b = max(means, key=lambda pair: means[pair])
        if means[a, b] < threshold:
            break
        found[b] += found.pop(a)
    return sorted(sorted(group) for group in found)


def test_a_chain_of_neighbours_is_no_group_where_its_ends_are_strangers() -> None:
    angles = np.radians([0, 40, 80, 120, 160])
    similarity = np.cos(angles[:, None] - angles[None, :]).astype(np.float32)
    assert all(len(group) <= 2 for group in groups(similarity, 0.6))


def test_nothing_has_no_groups_and_strangers_stay_alone() -> None:
    assert groups(np.zeros((0, 0), np.float32), 0.5) == []
    assert groups(np.eye(3, dtype=np.float32), 0.5) == [[0], [1], [2]]


def test_sets_overlap_by_their_cosine_and_two_empty_ones_are_alike() -> None:
    found = overlap([{"a", "b"}, {"b"}, set(), set()])
    assert found[0, 1] == pytest.approx(2**-0.5)
    assert found[2, 3] == pytest.approx(1.0)
    assert found[0, 2] == 0.0
    assert np.allclose(np.diag(found), 1.0)


def test_the_central_item_is_the_one_in_the_middle() -> None:
    angles = np.radians([0, 20, 40])
    similarity = np.cos(angles[:, None] - angles[None, :]).astype(np.float32)
    assert central(similarity, [0, 1, 2]) == 1
