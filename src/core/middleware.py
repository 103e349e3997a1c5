"""What the orchestrator does around every request, each in its one place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from .activity import Activity, Recording
from .caller import Grants
from .context import Context
from .errors import AppError, ForbiddenError, NotFoundError, UnauthenticatedError
from .messages.base import AccessLevel, Request
from .orchestrator import Route
from .tally import Tally
from .trace import correlated

log = logging.getLogger("stoa.requests")

CallNext = Callable[[Request[Any], Context], Any]


class ActivityLog(Protocol):
    """Keeps activities durably."""

    def record(self, activity: Activity) -> None: ...


class RecordActivity:
    """Logs, times and durably records every request; unexpected errors are logged with their trace."""

    def __init__(self, activities: ActivityLog, tally: Tally) -> None:
        self._activities = activities
        self._tally = tally

    def __call__(self, call_next: CallNext, request: Request[Any], ctx: Context, route: Route) -> Any:
        with correlated(ctx.correlation_id):
            return self._recorded(call_next, request, ctx, route)

    def _recorded(self, call_next: CallNext, request: Request[Any], ctx: Context, route: Route) -> Any:
        recording = Recording(
            route.capability, route.agent.name, ctx.caller.username, ctx.correlation_id, ctx.clock
        )
        outcome, failure = "internal", None
        try:
            reply = call_next(request, replace(ctx, recording=recording if request.recorded else None))
        except AppError as error:
            outcome = error.code
            failure = error.detail if error.status >= 500 else None
            raise
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
            raise
        else:
            outcome = "ok"
            return reply
        finally:
            # What the caller got wrong is no failure of the agent.
            self._tally.note(route.agent.name, outcome if outcome == "internal" else None)
            activity = recording.activity(outcome, failure)
            log.info(
                "%s by %s for %s: %s in %.1f ms [%s]",
                activity.capability,
                activity.agent,
                activity.caller,
                outcome,
                activity.duration_ms,
                ctx.correlation_id,
            )
            if request.recorded and not (recording.kept and outcome == "ok"):
                self._activities.record(activity)


class CheckPermission:
    """Refuses what the caller may not do, by the access that the request declares.

    An object that the caller may not read is "not found": its existence is not given away.
    """

    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    def __call__(self, call_next: CallNext, request: Request[Any], ctx: Context, route: Route) -> Any:
        self._check(request, ctx)
        return call_next(request, ctx)

    def _check(self, request: Request[Any], ctx: Context) -> None:
        access, caller = request.access, ctx.caller
        if access.level is AccessLevel.ANYONE:
            return
        if not caller.signed_in:
            raise UnauthenticatedError("Sign in, or send a bearer token.")
        if access.level is AccessLevel.SIGNED_IN:
            return
        if access.level is AccessLevel.ADMINISTER:
            if not caller.administers:
                raise ForbiddenError("Only an administrator may do this.")
            return
        assert access.target is not None
        object_id = getattr(request, access.field)
        grant = self._grants.on(caller, access.target, object_id)
        if grant is None or not grant.may_read:
            raise NotFoundError(f"There is no {access.target} {object_id}.")
        if access.level is AccessLevel.WRITE and not grant.may_write:
            raise ForbiddenError("You may read this collection but not change it.")


class SetDeadline:
    """Gives every request a deadline: its own or the default, never later than that of its cause."""

    def __init__(self, default_s: float) -> None:
        self._default_s = default_s

    def __call__(self, call_next: CallNext, request: Request[Any], ctx: Context, route: Route) -> Any:
        deadline = ctx.clock.monotonic() + (request.deadline_s or self._default_s)
        if ctx.deadline is not None:
            deadline = min(deadline, ctx.deadline)
        inner = replace(ctx, deadline=deadline)
        inner.check_deadline()
        return call_next(request, inner)
