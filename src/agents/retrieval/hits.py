"""From a ranking to what is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from src.core.messages.questions import Hit, Scores
from src.core.passages import Location, PassageKind
from src.database.repositories.searching import Candidate

from .duplicates import fold
from .fusion import Placed

Shown = tuple[Placed, tuple[str, ...]]
"""A passage that is shown with the ids of those it stands for."""


def folded(ranked: Sequence[Placed], found: Mapping[str, Candidate]) -> list[Shown]:
    """The ranking without what is gone from SQL, near-duplicates folded into the best-ranked of them."""
    by_id = {item.passage_id: item for item in ranked if item.passage_id in found}
    return [(by_id[key], twins) for key, twins in fold([(key, found[key].text) for key in by_id])]


def hits_of(shown: Sequence[Shown], found: Mapping[str, Candidate]) -> tuple[Hit, ...]:
    return tuple(
        _hit(rank, item, found[item.passage_id], duplicates)
        for rank, (item, duplicates) in enumerate(shown, start=1)
    )


def _hit(rank: int, item: Placed, passage: Candidate, duplicates: tuple[str, ...]) -> Hit:
    return Hit(
        rank=rank,
        passage_id=passage.passage_id,
        document_id=passage.document_id,
        collection_id=passage.collection_id,
        external_id=passage.external_id,
        title=passage.title,
        uri=passage.uri,
        kind=PassageKind(passage.kind),
        symbol=passage.symbol,
        context=passage.context,
        text=passage.text,
        location=Location.model_validate_json(passage.location),
        attributes=json.loads(passage.attributes),
        score=item.score,
        scores=Scores(
            dense=item.dense,
            lexical=item.lexical,
            identifier=item.identifier,
            fused=item.fused,
            prior=item.prior,
            rerank=item.rerank,
        ),
        duplicates=duplicates,
    )
