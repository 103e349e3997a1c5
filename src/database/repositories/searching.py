"""What a search reads and writes: columns and rows without objects, since each search does it anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, bindparam, func, insert, select
from sqlalchemy.orm import aliased

from src.core.caller import Scope
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

from .base import chunks


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """An index that is searched, with the model that ranks it and the one on trial against it.

    ``artefact`` is None for the default model, ``model_id`` where there is no record of it yet;
    ``memory_version`` changes with what its readers' votes say. ``treatment_version`` is that of the index
    which the model on trial ranks, where it names one, and ``treatment_index`` that index, once it is whole.
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

    @property
    def name(self) -> str:
        """What answers carry of the index they were made from."""
        return f"{self.id}:{self.embedding_version}:{self.lexical_version}"


_TREATMENT = aliased(ModelRecord)
_STANDBY = aliased(IndexRecord)
_SEARCHED = (
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
            _STANDBY.embedding_version == _TREATMENT.embedding_version,
        )
        .correlate(IndexRecord, _TREATMENT)
        .scalar_subquery(),
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
    .where(
        IndexRecord.state == "live", IndexRecord.collection_id.in_(bindparam("collections", expanding=True))
    )
    .order_by(IndexRecord.id)
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live passage with what a hit shows of its document."""

    passage_id: str
    kind: str
    symbol: str | None
    context: str
    text: str
    location: dict[str, Any]
    attributes: dict[str, Any]
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


_LIVE = (
    select(
        PassageRecord.id,
        PassageRecord.kind,
        PassageRecord.symbol,
        PassageRecord.context,
        PassageRecord.text,
        PassageRecord.location,
        PassageRecord.attributes,
        DocumentRecord.id,
        DocumentRecord.collection_id,
        DocumentRecord.external_id,
        DocumentRecord.title,
        DocumentRecord.uri,
        DocumentRecord.path,
        PassageRecord.embedding_key,
    )
    .join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
    .where(PassageRecord.id.in_(bindparam("ids", expanding=True)), PassageRecord.live)
)


_OF_PASSAGES = (
    select(PassageRecord.id, VectorRecord.vector)
    .join(VectorRecord, VectorRecord.embedding_key == PassageRecord.embedding_key)
    .where(
        PassageRecord.id.in_(bindparam("ids", expanding=True)),
        VectorRecord.embedding_version == bindparam("version"),
    )
)


_NEW_SEARCH = insert(SearchRecord.__table__)  # type: ignore[arg-type]  # a mapped table is a Table


class Searching:
    """Reads and writes by the connection alone; no session is opened for it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def indexes(self, scope: Scope) -> list[LiveIndex]:
        """The live indexes that the scope allows; the only way from a query to an index."""
        return self.live_indexes(scope.collection_ids)

    def live_indexes(self, collection_ids: Collection[str]) -> list[LiveIndex]:
        found: Sequence[Any] = self._connection.execute(
            _SEARCHED, {"collections": sorted(collection_ids)}
        ).all()
        return [LiveIndex(*row) for row in found]

    def candidates(self, ids: Sequence[str]) -> dict[str, Candidate]:
        """What a search shows, by passage id; what is not live, or gone from SQL, is not in it."""
        found: dict[str, Candidate] = {}
        for part in chunks(ids):
            rows: Sequence[Any] = self._connection.execute(_LIVE, {"ids": part}).all()
            for row in rows:
                found[row[0]] = Candidate(*row)
        return found

    def vectors(self, ids: Sequence[str], version: str) -> tuple[list[str], Vectors]:
        """The passages that have a vector of this version, and the vectors, a row each."""
        rows: list[Any] = []
        for part in chunks(ids):
            rows.extend(self._connection.execute(_OF_PASSAGES, {"ids": part, "version": version}).all())
        matrix = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f4")
        return [key for key, _ in rows], matrix.reshape(len(rows), -1) if rows else matrix.reshape(0, 0)

    def keep(self, **columns: Any) -> None:
        """Write down one search."""
        self._connection.execute(_NEW_SEARCH, columns)
