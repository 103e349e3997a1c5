"""What messages of failures have in common."""

from __future__ import annotations

import pytest

from src.agents.monitor.errors import normalised


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("There is no job 019aa5b2c3d47e8f9012.", "There is no job <id>."),
        ("timeout after 30.5 s at 2026-11-21T10:00:00Z", "timeout after <n> s at <time>"),
        ("GET https://user:secret@host/path?token=1 failed", "GET <address> failed"),
        ("KeyError: 'what a user typed'", "KeyError: <text>"),
        ('cannot open "/srv/a b.pdf": denied', "cannot open <text>: denied"),
        ("No such file: /srv/data/a.pdf", "No such file: <path>"),
        ("mail ada@example.org bounced", "mail <mail> bounced"),
        ("it doesn't fit and can't be cut", "it doesn't fit and can't be cut"),
        ("defaced the facade", "defaced the facade"),
        ("first line\nTraceback (most recent call last)", "first line"),
        ("id 550e8400-e29b-41d4-a716-446655440000 gone", "id <id> gone"),
        ("", ""),
    ],
)
def test_names_and_numbers_are_left_out_and_words_stay(text: str, shared: str) -> None:
    assert normalised(text) == shared


def test_a_message_of_any_length_is_cut_and_takes_no_time() -> None:
    assert len(normalised("a'" * 200_000)) <= 300
    assert len(normalised("/" * 200_000 + "0-" * 100_000)) <= 300
