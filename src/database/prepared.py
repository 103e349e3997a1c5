"""Statements that are compiled once and then given to the driver itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import Executable

Processor = Callable[[Any], Any]


@dataclass(frozen=True)
class _Compiled:
    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    processors: Mapping[str, Processor]
    positional: bool

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        given = {**self.constants, **values}
        named = {name: given[name] for name in self.names}
        for name, processor in self.processors.items():
            named[name] = processor(named[name])
        return tuple(named[name] for name in self.names) if self.positional else named


class Prepared:
    """A statement for what every search does anew.

    Finding a compiled statement, and making a result of what the driver gives, takes the engine several
    times as long as SQL takes for a few rows; most of all right after a model has computed, when nothing
    of that code is in the processor's caches. Rows come as the driver has them: the columns asked for must
    be texts, numbers and bytes. Values go through the processors of their types, and errors are the
    engine's.
    """

    def __init__(self, statement: Callable[[str], Executable]) -> None:
        """``statement`` makes it for a dialect's name."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """The rows that it finds; begins a transaction where there is none yet."""
        cursor = self._run(connection, values)
        try:
            found: list[Any] = cursor.fetchall()
        finally:
            cursor.close()
        return found

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Carry it out within a transaction, as ``rows`` does."""
        self._run(connection, values).close()

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry it out for each of the rows, as ``run`` does."""
        self._run(connection, *rows).close()

    def _run(self, connection: Connection, *rows: Mapping[str, Any]) -> Any:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement(dialect.name), dialect)
        if not connection.in_transaction():
            connection.begin()
        given = [compiled.parameters(values) for values in rows]
        cursor = connection.connection.cursor()
        try:
            if len(given) == 1:
                cursor.execute(compiled.sql, given[0])
            else:
                cursor.executemany(compiled.sql, given)
        except dialect.loaded_dbapi.Error as error:
            cursor.close()
            base = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(compiled.sql, given, error, base, dialect=dialect) from error
        return cursor


def _compile(statement: Executable, dialect: Dialect) -> _Compiled:
    made = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    binds = {name: bind for bind, name in made.bind_names.items()}
    names = tuple(made.positiontup) if made.positional else tuple(binds)
    processors = {}
    for name, bind in binds.items():
        processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            processors[name] = processor
    constants = {name: bind.value for name, bind in binds.items() if not bind.required}
    return _Compiled(str(made), names, constants, processors, made.positional)
