"""What the console shows. Everyone sees the agents; events, dead letters and activities are for
administrators."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, render_template, request

from src.core.messages.alerts import AlertState, ListAlerts
from src.core.messages.base import Page
from src.core.messages.console import (
    ActivityRecord,
    DeadLetter,
    ListActivities,
    ListAgents,
    ListCapabilities,
    ListDeadLetters,
    ListEvents,
    LoggedEvent,
)
from src.core.messages.jobs import ListJobs
from src.web.pages.forms import message
from src.web.pages.streaming import respond
from src.web.state import ask, caller, streams
from src.web.streams import ServerEvent

from .blueprint import blueprint


@blueprint.get("/agents")
def index() -> str:
    """The agents, the jobs and, for administrators, the dead letters."""
    return _page(
        "overview",
        agents=ask(ListAgents()).items,
        jobs=ask(ListJobs(limit=15)).items,
        letters=_letters() if caller().administers else None,
        raised=ask(ListAlerts(state=AlertState.RAISED, limit=100)).items if caller().administers else (),
    )


@blueprint.get("/agents/cards")
def cards() -> str:
    """The agents as they are now."""
    return render_template(
        "agents/_cards.html", agents=ask(ListAgents()).items, administers=caller().administers
    )


@blueprint.get("/agents/jobs")
def jobs() -> str:
    """The newest jobs as they are now."""
    return render_template("agents/_jobs.html", jobs=ask(ListJobs(limit=15)).items)


@blueprint.get("/agents/dead-letters")
def dead_letters() -> str:
    """The dead letters, a page where a cursor is given."""
    return render_template("agents/_letters.html", letters=_letters())


@blueprint.get("/agents/events")
def events() -> str:
    """The newest events, with those that come added on top; older ones where a cursor is given."""
    topic = request.args.get("topic", "").strip()
    given = request.args.get("cursor")
    correlation = request.args.get("correlation")
    page = ask(message(ListEvents, topic=topic, correlation_id=correlation, cursor=given, limit=100))
    newest_first = sorted(page.items, key=lambda event: event.position, reverse=True)
    return _page(
        "events",
        events=newest_first,
        topic=topic,
        correlation=correlation or "",
        live=not (correlation or given),
        older=page.next,
        topics=sorted({one for agent in ask(ListAgents()).items for one in agent.subscriptions}),
        last=newest_first[0].position if newest_first else 0,
    )


@blueprint.get("/agents/events/stream")
def event_stream() -> Response:
    """Each new event as the page shows it; browsers that come back go on after the last they saw."""
    topic = request.args.get("topic", "").strip() or None
    ask(message(ListEvents, topic=topic, limit=1))  # only who may list events may follow them
    given = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    return respond(lambda: _rows(streams().events.follow(topic=topic, after=after)))


@blueprint.get("/agents/activities")
def activities() -> str:
    """The newest handled requests."""
    page: Page[ActivityRecord] = ask(
        message(
            ListActivities,
            agent=request.args.get("agent"),
            correlation_id=request.args.get("correlation"),
            cursor=request.args.get("cursor"),
        )
    )
    return _page(
        "activities",
        page=page,
        agents=ask(ListAgents()).items,
        agent=request.args.get("agent", ""),
        correlation=request.args.get("correlation", ""),
    )


@blueprint.get("/agents/capabilities")
def capabilities() -> str:
    """The capability map."""
    return _page("capabilities", capabilities=ask(ListCapabilities()).items)


def _page(tab: str, **shown: object) -> str:
    return render_template(
        f"agents/{tab}.html", active="agents", tab=tab, administers=caller().administers, **shown
    )


def _letters() -> Page[DeadLetter]:
    return ask(message(ListDeadLetters, cursor=request.args.get("cursor")))


def _rows(found: Iterator[LoggedEvent | None]) -> Iterator[ServerEvent | None]:
    for event in found:
        if event is None:
            yield None
        else:
            row = render_template("agents/_event.html", event=event)
            yield ServerEvent(row, event="logged", id=str(event.position))
