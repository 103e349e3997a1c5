"""What a search reads and writes: columns and rows without objects, since each search does it anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from src.core.caller import Caller, Scope
from src.core.passages import CONFIGURED
from src.core.ports import Vectors
from src.database.models import (
    CollectionRecord,
    DocumentRecord,
    ExperimentRecord,
    IndexRecord,
    ModelRecord,
    PassageRecord,
    SearchRecord,
    VectorRecord,
)
from src.database.prepared import Prepared

from .reading import open_to


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """An index that is searched, with the model that ranks it and the one on trial against it.

    ``artefact`` is None for the default model, ``model_id`` where there is no record of it yet;
    ``memory_version`` changes with what its readers' votes say. ``treatment_version`` and
    ``treatment_cutting`` are those of the index which the model on trial ranks, where it names one, and
    ``treatment_index`` that index, once it is whole.
    """

    id: str
    collection_id: str
    embedding_version: str
    lexical_version: str
    memory_version: int
    model_id: str | None
    artefact: str | None
    experiment_id: str | None
    experiment_method: str | None
    experiment_share: float | None
    control_id: str | None
    treatment_id: str | None
    treatment_artefact: str | None
    dimensions: int
    treatment_version: str | None
    treatment_index: str | None
    cutting: str
    treatment_cutting: str | None

    @property
    def name(self) -> str:
        """What answers carry of the index they were made from."""
        cut = "" if self.cutting == CONFIGURED else f":{self.cutting}"
        return f"{self.id}:{self.embedding_version}:{self.lexical_version}{cut}"

    @property
    def tried_beside(self) -> bool:
        """Whether the model on trial ranks another index than this one."""
        return self.treatment_version not in (None, self.embedding_version) or self.treatment_cutting not in (
            None,
            self.cutting,
        )


_TREATMENT = aliased(ModelRecord)
_STANDBY = aliased(IndexRecord)
_SEARCHED: Any = (
    select(
        IndexRecord.id,
        IndexRecord.collection_id,
        IndexRecord.embedding_version,
        IndexRecord.lexical_version,
        CollectionRecord.memory_version,
        ModelRecord.id,
        ModelRecord.artefact,
        ExperimentRecord.id,
        ExperimentRecord.method,
        ExperimentRecord.share,
        ExperimentRecord.control_id,
        ExperimentRecord.treatment_id,
        _TREATMENT.artefact,
        IndexRecord.dimensions,
        _TREATMENT.embedding_version,
        select(func.max(_STANDBY.id))
        .where(
            _STANDBY.collection_id == IndexRecord.collection_id,
            _STANDBY.state == "standby",
            _STANDBY.embedding_version
            == func.coalesce(_TREATMENT.embedding_version, IndexRecord.embedding_version),
            _STANDBY.cutting == func.coalesce(_TREATMENT.cutting, IndexRecord.cutting),
        )
        .correlate(IndexRecord, _TREATMENT)
        .scalar_subquery(),
        IndexRecord.cutting,
        _TREATMENT.cutting,
    )
    .join(CollectionRecord, CollectionRecord.id == IndexRecord.collection_id)
    .outerjoin(
        ModelRecord,
        and_(
            ModelRecord.collection_id == IndexRecord.collection_id,
            ModelRecord.role == "ranking",
            ModelRecord.state == "live",
        ),
    )
    .outerjoin(
        ExperimentRecord,
        and_(
            ExperimentRecord.collection_id == IndexRecord.collection_id,
            ExperimentRecord.method == "interleaving",
            ExperimentRecord.state == "running",
        ),
    )
    .outerjoin(_TREATMENT, _TREATMENT.id == ExperimentRecord.treatment_id)
    .where(IndexRecord.state == "live")
    .order_by(IndexRecord.id)
)


def _among(column: Any, dialect: str) -> ColumnElement[bool]:
    """That a column is one of ``ids``, as one parameter: a list that is written out anew for each search
    costs more than what it asks for."""
    if dialect == "postgresql":
        wanted: ColumnElement[bool] = column == func.any(bindparam("ids", type_=ARRAY(Text)))
        return wanted
    # SQLite reads the list from JSON.
    values = func.json_each(bindparam("ids", type_=JSON)).table_valued("value")
    return column.in_(select(values.c.value))  # type: ignore[no-any-return]


def _searched(dialect: str, *, administers: bool, named: bool) -> Select[Any]:
    found: Select[Any] = _SEARCHED
    if named:
        found = found.where(_among(IndexRecord.collection_id, dialect))
    return found if administers else found.where(open_to(bindparam("reader", type_=String)))


_SEARCHED_BY: Mapping[tuple[bool, bool], Prepared] = {
    (administers, named): Prepared(partial(_searched, administers=administers, named=named))
    for administers in (True, False)
    for named in (True, False)
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live passage, of the cutting of the index that found it, with what a hit shows of its document.
    ``location`` and ``attributes`` are the JSON texts that SQL keeps: of all candidates only those that are
    shown are worth reading them."""

    passage_id: str
    kind: str
    symbol: str | None
    context: str
    text: str
    location: str
    attributes: str
    document_id: str
    collection_id: str
    external_id: str
    title: str
    uri: str | None
    path: str | None
    content_key: str

    @property
    def naming(self) -> str:
        """The words that name the passage, as the lexical index has them."""
        path = self.path if self.path != self.title else None
        return " ".join(part for part in (self.title, path, self.symbol or self.context) if part)

    @property
    def words(self) -> str:
        """Symbol, context and text: where an identifier is looked for."""
        return f"{self.symbol or ''}\n{self.context}\n{self.text}"


_CANDIDATES = (
    select(
        PassageRecord.id,
        PassageRecord.kind,
        PassageRecord.symbol,
        PassageRecord.context,
        PassageRecord.text,
        cast(PassageRecord.location, Text),
        cast(PassageRecord.attributes, Text),
        DocumentRecord.id,
        DocumentRecord.collection_id,
        DocumentRecord.external_id,
        DocumentRecord.title,
        DocumentRecord.uri,
        DocumentRecord.path,
        PassageRecord.embedding_key,
    )
    .join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
    .where(PassageRecord.live)
)
_VECTORS = (
    select(PassageRecord.id, VectorRecord.vector)
    .join(VectorRecord, VectorRecord.embedding_key == PassageRecord.embedding_key)
    .where(VectorRecord.embedding_version == bindparam("version"))
)
_LIVE = Prepared(lambda dialect: _CANDIDATES.where(_among(PassageRecord.id, dialect)))
_OF_PASSAGES = Prepared(lambda dialect: _VECTORS.where(_among(PassageRecord.id, dialect)))
_NEW_SEARCH = Prepared(lambda _: insert(SearchRecord.__table__))  # type: ignore[arg-type]  # a mapped table is a Table


class Searching:
    """Reads and writes by the connection alone; no session is opened for it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def indexes(self, scope: Scope) -> list[LiveIndex]:
        """The live indexes that the scope allows; the only way from a query to an index."""
        return self.live_indexes(scope.collection_ids)

    def live_indexes(self, collection_ids: Collection[str]) -> list[LiveIndex]:
        """Of collections that somebody may read, or that are Stoa's own business."""
        return self._indexes(_SEARCHED_BY[True, True], {"ids": sorted(collection_ids)})

    def readable_indexes(self, caller: Caller, collection_ids: Collection[str] | None) -> list[LiveIndex]:
        """Those that the caller may read, of the named collections or of all."""
        if caller.user_id is None and not caller.administers:
            return []
        values: dict[str, Any] = {} if caller.administers else {"reader": caller.user_id}
        if collection_ids is not None:
            values["ids"] = sorted(collection_ids)
        return self._indexes(_SEARCHED_BY[caller.administers, collection_ids is not None], values)

    def _indexes(self, statement: Prepared, values: dict[str, Any]) -> list[LiveIndex]:
        return [LiveIndex(*row) for row in statement.rows(self._connection, values)]

    def candidates(self, ids: Sequence[str]) -> dict[str, Candidate]:
        """What a search shows, by passage id; what is not live, or gone from SQL, is not in it."""
        return {row[0]: Candidate(*row) for row in _LIVE.rows(self._connection, {"ids": list(ids)})}

    def vectors(self, ids: Sequence[str], version: str) -> tuple[list[str], Vectors]:
        """The passages that have a vector of this version, and the vectors, a row each."""
        rows = _OF_PASSAGES.rows(self._connection, {"ids": list(ids), "version": version})
        matrix = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f4")
        return [key for key, _ in rows], matrix.reshape(len(rows), -1) if rows else matrix.reshape(0, 0)

    def keep(self, **columns: Any) -> None:
        """Write down one search."""
        _NEW_SEARCH.run(self._connection, columns)
