"""The lexical index in PostgreSQL, for installations that keep everything there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from src.core.errors import IndexMissingError, UnreachableError
from src.core.ports import LexicalEntry, Scored
from src.services.text.analyser import Analyser

from .tables import indexes, passages, postings

_MOST_WORDS = 512
_K1 = 1.2
_B = 0.75

_ADD_POSTINGS = text("""
    INSERT INTO lexical_postings (index_number, word, passage_number, frequency, length)
    SELECT :number, word, passage_number, frequency, length
    FROM unnest(CAST(:words AS text[]), CAST(:passages AS bigint[]),
                CAST(:frequencies AS integer[]), CAST(:lengths AS integer[]))
         AS posting (word, passage_number, frequency, length)
""")

# A window counts the passages that hold a word: a join with the counts would be planned badly as long as
# PostgreSQL has no statistics of a newly filled index.
_SEARCH = """
    WITH found AS MATERIALIZED (
        SELECT passage_number,
               CAST(count(*) OVER (PARTITION BY word) AS float8) AS holders,
               (CAST(:repeats AS float8[]))[array_position(CAST(:words AS text[]), word)] AS repeats,
               CAST(frequency AS float8) AS frequency,
               :k1 * (1 - :b + :b * length / :average) AS norm
        FROM lexical_postings
        WHERE index_number = :number AND word = ANY(CAST(:words AS text[]))
    ), ranked AS (
        SELECT passage_number,
               sum(repeats * ln(1 + (:passages - holders + 0.5) / (holders + 0.5))
                   * frequency * (:k1 + 1) / (frequency + norm)) AS score
        FROM found {restriction}
        GROUP BY passage_number ORDER BY score DESC LIMIT :k
    )
    SELECT passage_id, score
    FROM ranked JOIN lexical_passages ON lexical_passages.number = passage_number
    ORDER BY score DESC, passage_id
"""
_RESTRICTION = """
    WHERE passage_number IN (SELECT number FROM lexical_passages
                             WHERE index_number = :number AND passage_id = ANY(CAST(:among AS text[])))
"""


class PostgresLexicalIndex:
    """BM25 (k1 1.2, b 0.75) over a table of postings, with the words and scores of the embedded index.

    Each call is one transaction; the writers of an index take turns. Needs the tables of ``tables.py``.
    """

    def __init__(self, engine: Engine, analyser: Analyser) -> None:
        self._engine = engine
        self._analyser = analyser
        self._everywhere = text(_SEARCH.format(restriction=""))
        self._restricted = text(_SEARCH.format(restriction=_RESTRICTION))

    @property
    def version(self) -> str:
        return f"postgresql-1/{self._analyser.version}"

    def create(self, index: str) -> None:
        with self._transaction() as connection:
            connection.execute(upsert(indexes).values(index_id=index).on_conflict_do_nothing())

    def upsert(self, index: str, entries: Sequence[LexicalEntry]) -> None:
        # Of entries with the same id the last one counts.
        last = {e.passage_id: self._analyser.analyse(f"{e.title}\n{e.text}") for e in entries}
        with self._transaction() as connection:
            number = _locked(connection, index)
            _remove(connection, number, list(last))
            rows = [
                {"index_number": number, "passage_id": passage_id, "length": len(analysis.content)}
                for passage_id, analysis in last.items()
            ]
            if not rows:
                return
            added = connection.execute(
                insert(passages).returning(passages.c.number, passages.c.passage_id, passages.c.length), rows
            )
            columns: dict[str, list[Any]] = {"words": [], "passages": [], "frequencies": [], "lengths": []}
            for passage_number, passage_id, length in added:
                counts = Counter(last[passage_id].content + last[passage_id].common)
                columns["words"] += counts.keys()
                columns["frequencies"] += counts.values()
                columns["passages"] += [passage_number] * len(counts)
                columns["lengths"] += [length] * len(counts)
            connection.execute(_ADD_POSTINGS, {"number": number, **columns})
            _count(connection, number, len(rows), sum(len(analysis.content) for analysis in last.values()))

    def delete(self, index: str, ids: Sequence[str]) -> None:
        with self._transaction() as connection:
            _remove(connection, _locked(connection, index), ids)

    def search(self, index: str, query: str, k: int, among: Collection[str] | None = None) -> list[Scored]:
        analysis = self._analyser.analyse(query)
        # A question of nothing but stop words is still looked up, by them.
        words = Counter(analysis.content or analysis.common).most_common(_MOST_WORDS)
        with self._transaction() as connection:
            state = _state(connection, index)
            if k < 1 or not words or not state.words or (among is not None and not among):
                return []
            found = connection.execute(
                self._everywhere if among is None else self._restricted,
                {
                    "number": state.number,
                    "passages": float(state.passages),
                    "average": state.words / state.passages,
                    "words": [word for word, _ in words],
                    "repeats": [float(count) for _, count in words],
                    "k1": _K1,
                    "b": _B,
                    "k": k,
                    "among": None if among is None else list(among),
                },
            )
            return [Scored(row.passage_id, float(row.score)) for row in found]

    def ids(self, index: str) -> set[str]:
        with self._transaction() as connection:
            number = _state(connection, index).number
            listed = select(passages.c.passage_id).where(passages.c.index_number == number)
            return set(connection.scalars(listed))

    def drop(self, index: str) -> None:
        with self._transaction() as connection:
            number = connection.scalar(
                select(indexes.c.number).where(indexes.c.index_id == index).with_for_update()
            )
            if number is not None:
                connection.execute(delete(postings).where(postings.c.index_number == number))
                connection.execute(delete(indexes).where(indexes.c.number == number))

    def indexes(self) -> set[str]:
        with self._transaction() as connection:
            return set(connection.scalars(select(indexes.c.index_id)))

    def close(self) -> None:
        """The engine belongs to whoever made it."""

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise UnreachableError(
                f"The lexical index in PostgreSQL failed: {error.orig}. See whether the database can be "
                "reached and written, then try again."
            ) from error


def _state(connection: Connection, index: str, *, locked: bool = False) -> Any:
    query = select(indexes).where(indexes.c.index_id == index)
    state = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if state is None:
        raise IndexMissingError(f"There is no lexical index {index}; run 'reindex' to rebuild it.")
    return state


def _locked(connection: Connection, index: str) -> int:
    """The index's number; other writers of the index wait until the transaction ends."""
    return int(_state(connection, index, locked=True).number)


def _remove(connection: Connection, number: int, ids: Sequence[str]) -> None:
    removed = connection.execute(
        delete(passages)
        .where(passages.c.index_number == number, passages.c.passage_id == func.any(list(ids)))
        .returning(passages.c.number, passages.c.length)
    ).all()
    if removed:
        numbers = [row.number for row in removed]
        connection.execute(delete(postings).where(postings.c.passage_number == func.any(numbers)))
        _count(connection, number, -len(removed), -sum(row.length for row in removed))


def _count(connection: Connection, number: int, passages_more: int, words_more: int) -> None:
    connection.execute(
        update(indexes)
        .where(indexes.c.number == number)
        .values(passages=indexes.c.passages + passages_more, words=indexes.c.words + words_more)
    )
