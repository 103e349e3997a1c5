"""What is printed: for people in colour on a terminal, for programs as JSON."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text without control characters: what was indexed shall not steer the terminal."""
    return _CONTROLS.sub("�", text.replace("\r\n", "\n"))


def console(*, error: bool = False) -> Console:
    """A console on standard output, or on standard error for progress. It colours on a terminal only,
    never where NO_COLOR is set, and wraps nothing that goes into a file."""
    from rich.console import Console

    made = Console(stderr=error, highlight=False, markup=False, emoji=False)
    made.soft_wrap = not made.is_terminal
    return made


def show_first_password(password: str) -> None:
    """The generated password of the first administrator, which nothing can show again."""
    out = console(error=True)
    out.print(f"Your first account is admin, its password {password}")
    out.print("This is the only time it is shown. Change it with: python run.py user password admin")


def print_json(value: Any) -> None:
    """The result for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def place(location: dict[str, Any], otherwise: str) -> str:
    """Where a passage stands, as people write it: ``path:12-20``, ``report.pdf, page 3``."""
    name = str(location.get("path") or otherwise)
    # Lines of what was extracted from a PDF or a notebook are nothing that its reader could find.
    if location.get("page"):
        return f"{name}, page {location['page']}"
    if location.get("cell"):
        return f"{name}, cell {location['cell']}"
    if location.get("start_line"):
        start, end = location["start_line"], location.get("end_line")
        return f"{name}:{start}-{end}" if end and end != start else f"{name}:{start}"
    if location.get("heading_path"):
        return f"{name}: {' › '.join(location['heading_path'])}"
    return name
