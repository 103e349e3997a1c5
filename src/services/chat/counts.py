"""Token counts as servers report them, which is not always as numbers."""

from __future__ import annotations

_MOST = 100_000_000
"""More than any call can use; a larger count is a mistake and would not fit where counts are kept."""


def count_of(holder: object, name: str) -> int | None:
    """The count ``name`` that ``holder`` reports; None where it reports none that can be meant."""
    value = getattr(holder, name, None)
    return value if isinstance(value, int) and 0 <= value <= _MOST else None
