from __future__ import annotations

import email.utils
import time

import pytest

from src.services.chat.failures import Failures

FAILURES = Failures("models.example", "sk-secret-0123456789")


def test_a_retry_time_is_read_as_seconds_milliseconds_or_a_date() -> None:
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    waits = [
        FAILURES.of_body({}, status=429, headers=headers).retry_after_s
        for headers in ({"retry-after": "7"}, {"retry-after-ms": "250"}, {"retry-after": date})
    ]
    assert waits[:2] == [7.0, 0.25]
    assert waits[2] == pytest.approx(60, abs=2)


@pytest.mark.parametrize("header", ["soon", "", "-3", "nan", "Wed, 21 Oct 99999 07:28:00 GMT"])
def test_a_retry_time_that_makes_no_sense_asks_for_no_wait(header: str) -> None:
    assert not FAILURES.of_body({}, status=429, headers={"retry-after": header}).retry_after_s


@pytest.mark.parametrize("body", [None, [], "text", 7, {"error": "plain text"}, {"error": None}])
def test_any_body_gives_a_sentence(body: object) -> None:
    error = FAILURES.of_body(body, status=500)
    assert error.code == "model_server_error"
    assert "models.example" in error.detail


def test_what_a_server_says_is_short_on_one_line_and_without_the_key() -> None:
    said = "line\x00 one\nline\ud800 two sk-secret-0123456789 " + "x" * 1000
    detail = FAILURES.of_body({"message": said}, status=400).detail
    assert "line one line two … xxx" in detail
    assert "sk-secret" not in detail
    assert len(detail) < 400
