"""When two questions are the same."""

from __future__ import annotations

from hashlib import sha256


def question_key(text: str) -> str:
    """Equal for questions that differ only in case and white space; 64 hexadecimal digits."""
    return sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).hexdigest()
