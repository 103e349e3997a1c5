"""How values are written for people: times, sizes, places and states."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from markupsafe import Markup

from src.core.messages.questions import Hit
from src.core.passages import Location, PassageKind

from .highlight import highlight

_TONES = {
    "indexed": "good",
    "succeeded": "good",
    "ready": "good",
    "running": "good",
    "ok": "good",
    "queued": "idle",
    "new": "idle",
    "cancelled": "idle",
    "skipped": "idle",
    "drained": "idle",
    "parsing": "busy",
    "chunking": "busy",
    "embedding": "busy",
    "syncing": "busy",
    "paused": "warn",
    "draining": "warn",
    "stuck": "warn",
    "quarantined": "warn",
    "failed": "bad",
}
_JOBS = {
    "ingest": "indexing documents",
    "recut": "cutting documents anew",
    "sync": "reading a source",
    "reindex": "rebuilding indexes",
    "repair": "repairing indexes",
    "analyse": "looking at failing questions",
    "train": "training on ratings",
    "gate": "measuring a candidate",
}
_CODE_KINDS = frozenset(
    {PassageKind.MODULE, PassageKind.CLASS, PassageKind.FUNCTION, PassageKind.METHOD, PassageKind.CODE}
)


def tone(state: str) -> str:
    """The colour family of a state's chip: good, busy, warn, bad or idle."""
    return _TONES.get(str(state), "idle")


def doing(kind: str) -> str:
    """What a job of this kind does."""
    return _JOBS.get(kind, kind)


def underway(work: str) -> str:
    """What an agent is at: of a job what it does and its stage, without the id."""
    kind, _, rest = work.partition(" ")
    _, colon, stage = rest.partition(": ")
    return f"{doing(kind)}: {stage}" if kind in _JOBS and colon else work


def number(value: float) -> str:
    """A count with a thin space between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f")


def size(count: int) -> str:
    """Bytes in the unit that keeps the figure short."""
    amount, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"


def span(seconds: float) -> str:
    """A length of time, to two parts."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole < 600 and whole % 60 else "")
    if whole < 86_400:
        return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")
    days = whole // 86_400
    return f"{days} day" if days == 1 else f"{days} days"


def milliseconds(value: float) -> str:
    """A stage's time."""
    return f"{value:.1f} ms" if value < 10 else span(value / 1000)


def rate(per_second: float) -> str:
    """How many in a second; of what is slower, in a minute or an hour."""
    for seconds, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if per_second * seconds >= 1 or unit == "h":
            break
    return f"{per_second * seconds:.1f}/{unit}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, or how soon, coarsely; the date itself after a week."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if abs(seconds) < 10:
        return "just now"
    if seconds > 7 * 86_400:
        return f"{moment:%-d %b %Y}"
    words = _coarse(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _coarse(seconds: float) -> str:
    for length, name in ((86_400, "day"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} day{'s' if count > 1 else ''}" if name == "day" else f"{count} {name}"
    return "0 s"


def clock(moment: datetime, now: datetime | None = None) -> str:
    """The time of day to the second, with the date where that is not today's."""
    at, today = moment.astimezone(UTC), (now or datetime.now(UTC)).date()
    date = "" if at.date() == today else f"{at:%-d %b} " if at.year == today.year else f"{at:%-d %b %Y} "
    return f"{date}{at:%H:%M:%S} UTC"


def stamp(moment: datetime) -> str:
    """The exact moment."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def place(location: Location, title: str = "") -> str:
    """Where in its document a passage stands, without the path and without the document's own title."""
    parts = []
    if location.page is not None:
        parts.append(f"page {location.page}")
    if location.cell is not None:
        parts.append(f"cell {location.cell}")
    headings = location.heading_path or ()
    if headings[:1] == (title,):
        headings = headings[1:]
    if headings:
        parts.append(" › ".join(headings))
    if location.start_line is not None and location.page is None:
        last = location.end_line or location.start_line
        one = last == location.start_line
        parts.append(f"line {last}" if one else f"lines {location.start_line}–{last}")
    return ", ".join(parts)


def is_code(kind: PassageKind) -> bool:
    """Whether a passage of this kind is code, to be shown in its own lines."""
    return kind in _CODE_KINDS


def colour(text: str, hit: Hit) -> Markup:
    """The text of a passage, in colours where it is code."""
    if not is_code(hit.kind):
        return Markup.escape(text)
    return highlight(dedent(text), hit.attributes.get("language"), hit.location.path)


def web_address(uri: str | None) -> str | None:
    """The address where it is one that a browser may open, else None."""
    return uri if uri and uri.startswith(("http://", "https://")) else None


def plural(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def pretty(value: object) -> str:
    """JSON to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def code_marks(text: str) -> Markup:
    """Text whose `code` marks, as docstrings have them, are elements."""
    parts = text.replace("``", "`").split("`")
    pieces = [
        Markup("<code>{}</code>").format(part) if at % 2 else Markup.escape(part)
        for at, part in enumerate(parts)
    ]
    return Markup("").join(pieces)


FILTERS: dict[str, Callable[..., Any]] = {
    "tone": tone,
    "doing": doing,
    "underway": underway,
    "number": number,
    "size": size,
    "span": span,
    "milliseconds": milliseconds,
    "rate": rate,
    "ago": ago,
    "clock": clock,
    "stamp": stamp,
    "place": place,
    "is_code": is_code,
    "web_address": web_address,
    "plural": plural,
    "pretty": pretty,
    "colour": colour,
    "code_marks": code_marks,
}
