"""What every VectorIndex must do; each adapter's module inherits the cases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import numpy as np
import pytest

from src.core.errors import IndexMissingError
from src.core.ports import Scored, VectorIndex, Vectors

DIMENSIONS = 32


def unit_vectors(count: int, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def names(count: int) -> list[str]:
    return [f"passage-{number:05d}" for number in range(count)]


def fill(vectors: VectorIndex, index: str) -> Vectors:
    rows = unit_vectors(3000)
    vectors.create(index, DIMENSIONS)
    vectors.upsert(index, names(3000), rows)
    return rows


def assert_nearest(
    hits: Sequence[Scored], rows: Vectors, query: Vectors, among: Sequence[int], k: int
) -> None:
    """Every score is the cosine and the best come first; of the ``k`` nearest one in ten may be missed,
    since an index of this size may be approximate."""
    cosines = rows @ query
    found = [int(hit.passage_id.removeprefix("passage-")) for hit in hits]
    assert len(set(found)) == len(hits) == min(k, len(among))
    assert [hit.score for hit in hits] == pytest.approx(cosines[found].tolist(), abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    nearest = sorted(among, key=lambda row: -cosines[row])[:k]
    assert len(set(found) & set(nearest)) >= 0.9 * len(hits)


class VectorIndexContract:
    """Needs the class fixture ``vectors``, a VectorIndex in which no test of the class minds the others."""

    @pytest.fixture
    def index(self) -> str:
        return uuid4().hex

    @pytest.fixture(scope="class")
    @classmethod
    def filled(cls, vectors: VectorIndex) -> Vectors:
        """The rows of the index ``filled``, which tests only read."""
        return fill(vectors, "filled")

    def test_the_nearest_come_first_with_their_cosine(self, vectors: VectorIndex, filled: Vectors) -> None:
        for row in (0, 700, 2999):
            hits = vectors.search("filled", filled[row], 10)
            assert hits[0].passage_id == f"passage-{row:05d}"
            assert_nearest(hits, filled, filled[row], range(3000), 10)

    @pytest.mark.parametrize("members", [1, 40, 300, 301, 700, 2900])
    def test_a_search_among_some_ids_ranks_only_those(
        self, vectors: VectorIndex, filled: Vectors, members: int
    ) -> None:
        query = unit_vectors(1, seed=2)[0]
        chosen = np.random.default_rng(3).permutation(3000)[:members]
        among = {f"passage-{row:05d}" for row in chosen}
        hits = vectors.search("filled", query, 20, among)
        assert {hit.passage_id for hit in hits} <= among
        assert_nearest(hits, filled, query, chosen.tolist(), 20)

    @pytest.mark.parametrize("known", [0, 2, 400])
    def test_unknown_ids_among_the_wanted_are_passed_over(
        self, vectors: VectorIndex, filled: Vectors, known: int
    ) -> None:
        query = unit_vectors(1, seed=4)[0]
        for strangers in (3, 350):
            among = [*names(known), *(f"stranger-{number}" for number in range(strangers))]
            hits = vectors.search("filled", query, 3000, among)
            assert {hit.passage_id for hit in hits} == set(names(known))

    def test_among_nothing_finds_nothing(self, vectors: VectorIndex, filled: Vectors) -> None:
        assert vectors.search("filled", filled[0], 10, []) == []

    def test_more_may_be_asked_for_than_there_is(self, vectors: VectorIndex, index: str) -> None:
        vectors.create(index, DIMENSIONS)
        assert vectors.search(index, unit_vectors(1)[0], 5) == []
        vectors.upsert(index, names(3), unit_vectors(3))
        assert len(vectors.search(index, unit_vectors(1)[0], 500)) == 3

    def test_an_upsert_replaces_and_the_last_of_equal_ids_counts(
        self, vectors: VectorIndex, index: str
    ) -> None:
        rows = unit_vectors(4)
        vectors.create(index, DIMENSIONS)
        vectors.upsert(index, ["a", "b"], rows[:2])
        vectors.upsert(index, ["a", "a"], rows[2:])
        assert vectors.ids(index) == {"a", "b"}
        assert vectors.count(index) == 2
        assert vectors.search(index, rows[3], 1)[0].passage_id == "a"
        assert vectors.search(index, rows[3], 1)[0].score == pytest.approx(1.0, abs=1e-5)

    def test_the_deleted_are_gone_and_deleting_again_is_no_error(
        self, vectors: VectorIndex, index: str
    ) -> None:
        filled, gone = fill(vectors, index), names(1200)
        for _ in range(2):
            vectors.delete(index, gone)
        assert vectors.ids(index) == set(names(3000)[1200:])
        assert vectors.count(index) == 1800
        found = {hit.passage_id for hit in vectors.search(index, filled[0], 100)}
        assert len(found) == 100
        assert not found & set(gone)

    def test_creating_twice_keeps_what_is_there(self, vectors: VectorIndex, index: str) -> None:
        vectors.create(index, DIMENSIONS)
        vectors.upsert(index, ["a"], unit_vectors(1))
        vectors.create(index, DIMENSIONS)
        assert vectors.ids(index) == {"a"}

    def test_an_index_that_is_missing_is_named_as_such(self, vectors: VectorIndex, index: str) -> None:
        for use in (
            lambda: vectors.search(index, unit_vectors(1)[0], 1),
            lambda: vectors.search(index, unit_vectors(1)[0], 1, {"a"}),
            lambda: vectors.ids(index),
            lambda: vectors.count(index),
            lambda: vectors.upsert(index, ["a"], unit_vectors(1)),
            lambda: vectors.delete(index, ["a"]),
        ):
            with pytest.raises(IndexMissingError, match=index):
                use()

    def test_a_dropped_index_is_gone_and_can_be_made_anew(self, vectors: VectorIndex, index: str) -> None:
        filled = fill(vectors, index)
        assert index in vectors.indexes()
        vectors.drop(index)
        vectors.drop(index)
        assert index not in vectors.indexes()
        with pytest.raises(IndexMissingError):
            vectors.search(index, filled[0], 1)
        vectors.create(index, 8)
        vectors.upsert(index, ["a"], np.eye(8, dtype=np.float32)[:1])
        assert vectors.ids(index) == {"a"}

    def test_two_indexes_do_not_see_each_other(self, vectors: VectorIndex, index: str) -> None:
        rows = unit_vectors(2)
        for name, row in ((f"{index}-a", 0), (f"{index}-b", 1)):
            vectors.create(name, DIMENSIONS)
            vectors.upsert(name, [name], rows[row : row + 1])
        assert [hit.passage_id for hit in vectors.search(f"{index}-a", rows[1], 5)] == [f"{index}-a"]
        vectors.drop(f"{index}-a")
        assert vectors.ids(f"{index}-b") == {f"{index}-b"}

    def test_threads_search_while_others_write(self, vectors: VectorIndex, index: str) -> None:
        filled = fill(vectors, index)

        def write(part: int) -> None:
            for step in range(5):
                start = 3000 + part * 500 + step * 100
                ids = [f"passage-{number:05d}" for number in range(start, start + 100)]
                vectors.upsert(index, ids, unit_vectors(100, seed=start))

        def read(part: int) -> int:
            return sum(len(vectors.search(index, row, 10)) for row in filled[part * 20 : part * 20 + 20])

        with ThreadPoolExecutor(6) as pool:
            writers = [pool.submit(write, part) for part in range(2)]
            readers = [pool.submit(read, part) for part in range(4)]
            assert [reader.result() for reader in readers] == [200] * 4
            for writer in writers:
                writer.result()
        assert vectors.ids(index) == set(names(4000))
        for start in (3000, 3900):
            assert vectors.search(index, unit_vectors(100, seed=start)[7], 1)[0].passage_id == (
                f"passage-{start + 7:05d}"
            )

    def test_as_many_vectors_as_ids_are_wanted(self, vectors: VectorIndex, index: str) -> None:
        vectors.create(index, DIMENSIONS)
        with pytest.raises(ValueError, match="2 ids with 3 vectors"):
            vectors.upsert(index, ["a", "b"], unit_vectors(3))
