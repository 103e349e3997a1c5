"""What the monitor found: alerts, figures, and what fails."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template

from src.core.messages.alerts import AlertState, ListAlerts, ListErrors
from src.core.messages.console import ReadMetrics
from src.web.state import ask, caller

from .blueprint import blueprint
from .figures import HOURS, Board, bars


@blueprint.get("/agents/alerts")
def alerts() -> str:
    """Alerts, figures and patterns of errors."""
    return render_template(
        "agents/alerts.html", active="agents", tab="alerts", administers=caller().administers, **_found()
    )


@blueprint.get("/agents/alerts/now")
def alerts_now() -> str:
    """The same as they are now."""
    return render_template("agents/_alerts.html", **_found())


def _found() -> dict[str, object]:
    now = datetime.now(UTC)
    board = Board(ask(ReadMetrics()).samples)
    patterns = ask(ListErrors(limit=30)).items
    return {
        "raised": ask(ListAlerts(state=AlertState.RAISED, limit=100)).items,
        "cleared": ask(ListAlerts(state=AlertState.CLEARED, limit=10)).items,
        "groups": board.groups(),
        "stages": {
            "search": board.stages("stoa_search_seconds"),
            "answer": board.stages("stoa_answer_seconds"),
        },
        "patterns": [(pattern, bars(pattern, now)) for pattern in patterns],
        "hours": HOURS,
    }
