"""Candidates that rank as the live model does, over passages that are cut otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from src.core.caller import Caller
from src.core.context import Context
from src.core.errors import ConflictError, FieldProblem, InvalidRequestError, UnavailableError
from src.core.messages.base import Target
from src.core.messages.indexes import IndexReady, RebuildIndexesJob
from src.core.messages.models import ModelDetail, ModelState, ProposeChunker
from src.core.passages import CONFIGURED, Chunking
from src.database.grants import grant_on
from src.database.models import ModelRecord, UserRecord
from src.database.repositories.forgetting import must_forget
from src.database.uow import Database, UnitOfWork
from src.services import registry

from .gatekeeping import has_index
from .views import model_detail

SWITCH = "switch_for"
"""In the card of a candidate: the id of the user who wants it live once it has passed the gate."""
_OPEN = (ModelState.CANDIDATE, ModelState.GATED, ModelState.TRIAL)


class Chunkers:
    """Has indexes of other passages built and compared. ``cut_by`` raises UnavailableError where nothing can
    be cut so."""

    def __init__(self, database: Database, cut_by: Callable[[str], object]) -> None:
        self._database = database
        self._cut_by = cut_by

    def propose(self, request: ProposeChunker, ctx: Context) -> ModelDetail:
        """Raises InvalidRequestError where nothing can be cut so, ConflictError where the collection is
        searched so already or another such candidate is on its way."""
        name = self._named(request)
        by = ctx.caller.username
        then = "takes over" if request.switch else "is compared"
        with self._database.begin(ctx) as work:
            work.collections.hold(request.collection_id, alone=True)
            live = registry.live_model(work, request.collection_id)
            self._check(work, request.collection_id, name)
            model = registry.register(
                work,
                request.collection_id,
                kind=registry.CHUNKER,
                state=ModelState.CANDIDATE.value,
                card={
                    "summary": _summary(request, live.version),
                    "chunker": name,
                    **({SWITCH: ctx.caller.user_id} if request.switch else {}),
                },
                by=by,
                reason=f"Proposed by {by}; its index is built before it {then}.",
                parent_id=live.id,
                artefact=live.artefact,
                embedding_version=live.embedding_version,
                cutting=name,
            )
            # What tells of the candidate is the index, when it is whole.
            work.enqueue(
                RebuildIndexesJob(
                    collection_id=request.collection_id,
                    embedding_version=live.embedding_version,
                    cutting=name,
                    switch=False,
                ),
                collection_id=request.collection_id,
            )
            work.commit()
        with self._database.read() as reading:
            return model_detail(reading, reading.models.get(model.id))

    def ready(self, event: IndexReady) -> list[str]:
        """The candidates that can be judged now that this index is whole."""
        with self._database.read() as work:
            found = work.models.candidates_of(event.collection_id, event.embedding_version, event.cutting)
        return [model.id for model in found if model.kind == registry.CHUNKER]

    def _named(self, request: ProposeChunker) -> str:
        if request.tokens is None:
            if request.overlap:
                detail = "Without the size of a passage documents are cut as configured, without overlap."
                raise InvalidRequestError(detail, fields=(FieldProblem("overlap", detail),))
            return CONFIGURED
        name = Chunking(request.tokens, request.overlap).name
        try:
            self._cut_by(name)
        except UnavailableError as error:
            problem = FieldProblem(
                "overlap" if _fits(self._cut_by, request.tokens) else "tokens", error.detail
            )
            raise InvalidRequestError(error.detail, fields=(problem,)) from error
        return name

    def _check(self, work: UnitOfWork, collection_id: str, name: str) -> None:
        if work.indexes.live(collection_id) is None:
            raise ConflictError("Nothing is indexed in this collection yet, so there is nothing to compare.")
        if work.collections.get(collection_id).cutting == name:
            raise ConflictError("The documents of this collection are cut so already.")
        for state in _OPEN:
            for model in work.models.in_state(collection_id, state, kind=registry.CHUNKER):
                raise ConflictError(
                    f"Version {model.version}, which cuts documents otherwise, is {model.state}; let it come "
                    "to its end first, or reject it."
                )


def switch_if_wanted(work: UnitOfWork, model: ModelRecord, evidence: Mapping[str, Any], *, by: str) -> None:
    """Have a candidate that passed the gate go live by the decision of its proposer, where they wanted that
    and may still decide it. It ranks as the model did that they saw live: where another one is, it is left to
    readers, as any candidate."""
    if SWITCH not in model.card:
        return
    live, user = work.models.live(model.collection_id), _decider(work, model)
    if user is None:
        why = "who proposed it may not decide that any more"
    elif must_forget(model):
        why = "it learned from votes that were deleted since"
    elif live is None or live.id != model.parent_id or not has_index(work, model):
        why = "another model went live meanwhile"
    else:
        reason = f"{user.username} wanted it live once it had passed the gate. {model.reason}"
        registry.promote(work, model, by=user.username, reason=reason, evidence=dict(evidence))
        return
    reason = f"It passed the gate and was to go live then, but {why}: readers decide. {model.reason}"
    work.models.change(model, ModelState.GATED, by=by, reason=reason, evidence={}, at=work.now())


def _decider(work: UnitOfWork, model: ModelRecord) -> UserRecord | None:
    """Who wanted a candidate to go live, where they may still write in its collection."""
    user = work.users.find(model.card[SWITCH] or "")
    if user is None or user.disabled_at is not None:
        return None
    caller = Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))
    grant = grant_on(work, caller, Target.COLLECTION, model.collection_id)
    return user if grant is not None and grant.may_write else None


def _fits(cut_by: Callable[[str], object], tokens: int) -> bool:
    """Whether documents can be cut into passages of that size, without overlap."""
    try:
        cut_by(Chunking(tokens).name)
    except UnavailableError:
        return False
    return True


def _summary(request: ProposeChunker, version: int) -> str:
    if request.tokens is None:
        return f"As version {version}, over passages that are cut as configured."
    said = f"As version {version}, over passages of at most {request.tokens} tokens"
    if request.overlap:
        said += f", where parts of long ones repeat about {request.overlap} of the part before"
    return f"{said}."
