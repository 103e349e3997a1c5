"""``python -m bench [SECTION …]``: measures, and writes the sections into ``docs/benchmarks.md``.

Each section runs in a process of its own, so that one's memory is not counted with another's. A section
that is not named keeps what it said before.
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

from .table import SHARED

SECTIONS = (
    "embedding",
    "ingestion",
    "quality",
    "search",
    "loop",
    "trials",
    "insights",
    "bus",
    "overhead",
    "streams",
)
OF_SHARED_DATA = frozenset({"quality", "loop", "trials", "insights"})
REPORT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
KEPT = Path(__file__).resolve().parents[1] / ".cache" / "benchmarks.json"


def main() -> None:
    if sys.argv[1:2] == ["--section"]:
        print(importlib.import_module(f"bench.{sys.argv[2]}").run().markdown())
        return
    wanted = sys.argv[1:] or list(SECTIONS)
    unknown = sorted(set(wanted) - set(SECTIONS))
    if unknown:
        sys.exit(f"there is no section {', '.join(unknown)}; choose from {', '.join(SECTIONS)}")
    sections: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    failed = []
    for name in wanted:
        if name in OF_SHARED_DATA and not SHARED.is_dir():
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


def _report(sections: dict[str, str]) -> str:
    head = f"""# Benchmarks

Written by `make bench`; do not edit. Every ratio is of two figures of the same run on the same machine, so
that ratios can be compared between machines and the figures beside them cannot.

Newest section measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()}
{platform.machine()}, Python {platform.python_version()}.
"""
    return "\n".join([head, *(sections[name] for name in SECTIONS if name in sections)])


if __name__ == "__main__":
    main()
