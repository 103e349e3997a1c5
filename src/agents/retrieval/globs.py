"""Globs over paths, as regular expressions that no path makes run away."""

from __future__ import annotations

import re
from functools import lru_cache

_CROSSING = re.compile(r"((?:(?<![^/])\*\*/)+|\*\*+)")


@lru_cache(maxsize=256)
def path_glob(pattern: str) -> re.Pattern[str]:
    """A path glob, for ``fullmatch``: ``*`` and ``?`` stay within a folder, ``**`` crosses folders. A pattern
    without a slash matches the file's name in any folder; one that ends in a slash everything below.

    What stands between two ``**`` is looked for once, from the left: where it is found first, the most is
    left for what follows. So too what stands between two ``*`` of one name. Atomic groups say so.
    """
    if pattern.endswith("/"):
        pattern += "**"
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    start, *others = _CROSSING.split(pattern.removeprefix("/"))
    if not others:
        return re.compile(_names(start, final=True))
    *between, (crossing, end) = zip(others[::2], others[1::2], strict=True)
    parts = [_names(start, final=False)]
    for each, text in between:
        skipped = "(?:.*?/)??" if each.endswith("/") else ".*?"
        parts.append(f"(?>{skipped}{_names(text, final=False)})")
    parts.append("(?:.*/)?" if crossing.endswith("/") else ".*")
    return re.compile("".join([*parts, _names(end, final=True)]), re.DOTALL)


def _names(text: str, *, final: bool) -> str:
    """Text without ``**``; ``final`` where the path has to end with it."""
    first, *rest = map(_literal, text.split("*"))
    if not rest:
        return first
    *inner, last = rest
    end = f"[^/]*{last}" if final else f"(?>[^/]*?{last})"
    return first + "".join(f"(?>[^/]*?{each})" for each in inner) + end


def _literal(text: str) -> str:
    return "[^/]".join(map(re.escape, text.split("?")))
