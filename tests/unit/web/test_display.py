"""How values are written for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from src.core.jobs import JobState
from src.core.messages.console import AgentState
from src.core.messages.documents import DocumentState
from src.core.messages.sources import SourceState
from src.core.passages import Location
from src.web import display

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (12_473, "12 KB"),
        (50 * 2**20, "52 MB"),
        (7e12, "7000 GB"),
    ],
)
def test_sizes(count: float, words: str) -> None:
    assert display.size(int(count)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0123, "12 ms"),
        (2.13, "2.1 s"),
        (59.4, "59 s"),
        (93, "1 min 33 s"),
        (3599, "59 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90_000, "1 day"),
        (864_000, "10 days"),
    ],
)
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert display.span(seconds) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=3), "11:59:57 UTC"),
        (timedelta(hours=13), "20 Nov 23:00:00 UTC"),
        (timedelta(days=400), "17 Oct 2025 12:00:00 UTC"),
    ],
)
def test_times_of_day_have_a_date_unless_it_is_today(before: timedelta, words: str) -> None:
    assert display.clock(NOW - before, NOW) == words


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ("sync 01a202dd8dcc70008cd7173cddf251c2: ingesting", "reading a source: ingesting"),
        ("document.indexed.v1", "document.indexed.v1"),
    ],
)
def test_what_an_agent_is_at_is_said_without_ids(work: str, words: str) -> None:
    assert display.underway(work) == words


@pytest.mark.parametrize(
    ("per_second", "words"),
    [(15.62, "15.6/s"), (1, "1.0/s"), (0.3, "18.0/min"), (0.01, "36.0/h"), (0.0001, "0.4/h")],
)
def test_rates(per_second: float, words: str) -> None:
    assert display.rate(per_second) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=-48), "in 48 min"),
        (timedelta(hours=26), "1 day ago"),
        (timedelta(days=40), "12 Oct 2026"),
    ],
)
def test_moments(before: timedelta, words: str) -> None:
    assert display.ago(NOW - before, NOW) == words


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (Location(path="a.py", start_line=3, end_line=9, commit="c"), "lines 3–9"),
        (Location(path="a.py", start_line=3, end_line=3), "line 3"),
        (Location(page=4, start_line=80, end_line=99), "page 4"),
        (Location(cell=2), "cell 2"),
        (Location(heading_path=("Guide", "Install")), "Guide › Install"),
        (Location(path="a.py"), ""),
    ],
)
def test_places(location: Location, words: str) -> None:
    assert display.place(location) == words


@pytest.mark.parametrize("state", [*DocumentState, *JobState, *SourceState, *AgentState])
def test_every_state_has_a_colour_of_its_own_kind(state: str) -> None:
    assert display.tone(state) in {"good", "busy", "warn", "bad", "idle"}
    assert state in display._TONES, f"{state} would be shown without a thought"


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "", None])
def test_only_web_addresses_become_links(uri: str | None) -> None:
    assert display.web_address(uri) is None
    assert display.web_address("https://example.org/a") == "https://example.org/a"


def test_counts_take_their_noun() -> None:
    assert display.plural(1, "file") == "1 file"
    assert display.plural(12_840, "near copy", "near copies") == "12\u202f840 near copies"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a `b` c", "a <code>b</code> c"),
        ("begun at ``since``", "begun at <code>since</code>"),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
    ],
)
def test_marks_of_code_become_elements_and_nothing_else_does(text: str, html: str) -> None:
    assert display.code_marks(text) == html


def test_a_place_does_not_repeat_the_title_of_its_document() -> None:
    location = Location(heading_path=("Guide", "Returns"), start_line=9, end_line=12)
    assert display.place(location, "Guide") == "Returns, lines 9–12"
    assert display.place(location, "Manual") == "Guide › Returns, lines 9–12"
    assert display.place(Location(heading_path=("Guide",)), "Guide") == ""
