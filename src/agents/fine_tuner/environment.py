"""Where a run took place: what else its bits depend on."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

_CPU = Path("/proc/cpuinfo")


def environment(embedding_version: str) -> dict[str, str]:
    """Versions and processor, for the record of a run."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.system(),
        "processor": _processor(),
        "embedding_version": embedding_version,
    }


def _processor() -> str:
    try:
        lines = _CPU.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
