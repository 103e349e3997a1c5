"""``python -m bench [SECTION …]``: measures, and writes the sections into ``docs/benchmarks.md``.

Each section runs in a process of its own, so that one's memory is not counted with another's. A section
that is not named keeps what it said before. The sets of the loop are parts, such as ``loop:conala``; each
is in the report as soon as it is measured.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from . import loop
from .table import SHARED

SECTIONS = (
    "embedding",
    "ingestion",
    "quality",
    "search",
    "loop",
    "tuning",
    "trials",
    "insights",
    "bus",
    "overhead",
    "streams",
)
OF_SHARED_DATA = frozenset({"quality", "loop", "tuning", "trials", "insights"})
REPORT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
KEPT = Path(__file__).resolve().parents[1] / ".cache" / "benchmarks.json"


def main() -> None:
    if sys.argv[1:2] == ["--section"]:
        section, _, part = sys.argv[2].partition(":")
        module = importlib.import_module(f"bench.{section}")
        print((module.run(part) if part else module.run()).markdown())
        return
    known = [each for name in SECTIONS for each in _parts(name)]
    wanted = [each for name in sys.argv[1:] or SECTIONS for each in _parts(name)]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        sys.exit(f"there is no section {', '.join(unknown)}; choose from {', '.join((*SECTIONS, *known))}")
    sections: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    failed = []
    for name in wanted:
        if name.partition(":")[0] in OF_SHARED_DATA and not SHARED.is_dir():
            print(f"{name}: left out, since the evaluation data is not at {SHARED}", file=sys.stderr)
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "bench", "--section", name], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            failed.append(name)
            continue
        sections[name] = done.stdout
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(sections))
        REPORT.write_text(_report(sections))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _parts(section: str) -> list[str]:
    """The names under which a section is measured and kept."""
    return [f"{section}:{part}" for part in loop.PARTS] if section == "loop" else [section]


def _report(sections: dict[str, str]) -> str:
    head = f"""# Benchmarks

Written by `make bench`; do not edit. Every ratio is of two figures of the same run on the same machine, so
that ratios can be compared between machines and the figures beside them cannot.

Newest section measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()}
{platform.machine()}, Python {platform.python_version()}.
"""
    body: list[str] = []
    for name in SECTIONS:
        there = [sections[part] for part in _parts(name) if part in sections]
        if there and name == "loop":
            body.append(f"## {loop.TITLE}\n\n{loop.ABOUT}\n")
        body += there
    return "\n".join([head, *body])


if __name__ == "__main__":
    main()
