"""By which settings a question is answered: those of its collection, or those that are tried there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from src.core.context import Context
from src.core.messages.answering import Recipe, recipe_of, settings_of
from src.core.messages.questions import AskQuestion
from src.database.grants import scope_of
from src.database.repositories.answering import Answering, answering_in
from src.database.uow import Database
from src.services.evaluation.assignment import CONTROL, TREATMENT, assign, halves

log = logging.getLogger(__name__)

UNREADABLE = "The settings of this collection cannot be read, so it was answered as configured."


@dataclass(frozen=True)
class Chosen:
    """How a question is to be answered, and what decided that. ``arm`` is set for readers who take part in a
    comparison, ``notice`` where the settings could not be used. ``offers`` are other ways for a question to
    several collections, by the collection that has to be found first for it."""

    recipe: Recipe = field(default_factory=Recipe)
    settings_id: str | None = None
    experiment_id: str | None = None
    arm: str | None = None
    notice: str | None = None
    offers: Mapping[str, Chosen] = field(default_factory=dict)

    def settled(self, first: str | None) -> Chosen:
        """The way to answer, now that it is known of which collection the first passage is."""
        return self.offers.get(first or "", self)


class Choice:
    """Chooses for each question. A collection's settings are for questions that are asked of it alone: of a
    mixture each may have its own. Where just one of several compares ways to answer, the question takes part
    in that if the search, made as configured and so the same for both arms, finds a passage of it first: it
    is what the answer will rest on, and nobody's settings reach answers from what others keep."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, request: AskQuestion, ctx: Context) -> Chosen:
        """Raises NotFoundError for a collection that the caller may not read."""
        with self._database.read() as work:
            asked = scope_of(work, ctx.caller, request.collection_ids).collection_ids
            found = answering_in(work.session, asked)
        reader = ctx.caller.user_id
        if len(asked) == 1:
            return next((_chosen(one, reader) for one in found.values()), Chosen())
        compared = {key: _chosen(one, reader) for key, one in found.items() if one.experiment_id is not None}
        taken = {key: one for key, one in compared.items() if one.experiment_id is not None}
        return Chosen(offers=taken if len(compared) == 1 else {})


def _chosen(found: Answering, reader: str | None) -> Chosen:
    """A reader is always on the same side of an experiment; Stoa's own agents take no part."""
    arm = ""
    if found.experiment_id is not None and reader is not None:
        arm = assign(found.experiment_id, reader, halves(found.share))
    tried = arm == TREATMENT and found.treatment_card is not None
    recipe, notice = _recipe(found.treatment_card or {} if tried else found.live_card)
    return Chosen(
        recipe,
        settings_id=found.treatment_id if tried else found.live_id,
        experiment_id=found.experiment_id if arm in (CONTROL, TREATMENT) else None,
        arm=arm or None,
        notice=notice,
    )


def _recipe(card: dict[str, Any]) -> tuple[Recipe, str | None]:
    try:
        return recipe_of(settings_of(card)), None
    except ValidationError as error:
        log.warning("%d settings cannot be read", error.error_count())
        return Recipe(), UNREADABLE
