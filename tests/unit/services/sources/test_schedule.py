from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from src.core.errors import InvalidRequestError
from src.services.sources.schedule import Schedule

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15m", NOON + timedelta(minutes=15)),
        (" 1H ", NOON + timedelta(hours=1)),
        ("1d", NOON + timedelta(days=1)),
        ("365d", NOON + timedelta(days=365)),
        ("* * * * *", datetime(2026, 11, 21, 12, 1, tzinfo=UTC)),
        ("*/20 * * * *", datetime(2026, 11, 21, 12, 20, tzinfo=UTC)),
        ("30  2 * * 1-5", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("0 0 1 jan *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 12 * * *", datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ],
)
def test_the_next_run_follows_the_schedule(text: str, expected: datetime) -> None:
    assert Schedule.parse(text).next_run(NOON) == expected


def test_the_next_run_is_later_than_the_time_given() -> None:
    schedule = Schedule.parse("0 12 * * *")
    exactly = NOON.replace(second=0)
    assert schedule.next_run(exactly) == exactly + timedelta(days=1)


def test_cron_fields_are_read_in_utc_whatever_the_zone_of_the_time() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert Schedule.parse("0 13 * * *").next_run(east) == datetime(2026, 11, 21, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "0m", "15", "m", "1w", "-5m", "1.5h", "366d", "9999999d", "hourly", "@daily", "* * * *",
     "* * * * * *", "60 * * * *", "* * * * 8", "0 0 30 2 *", "0 0 31 4 *", "*/0 * * * *", "a b c d e",
     "x" * 5000, "1,2,,3 * * * *", "٣ * * * *"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        Schedule.parse(text)
    assert "15m" in refusal.value.detail
    assert "30 2 * * 1-5" in refusal.value.detail
    assert refusal.value.fields[0].field == "schedule"
