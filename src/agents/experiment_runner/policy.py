"""How much the loop does by itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """``learning`` starts trials and watches by itself; ``automatic`` also carries out what they decide,
    where it is else left to a person. ``generates`` is False where answers are extracts only. ``pause_s`` is
    how long the first pause of a comparison lasts that a guardrail interrupts."""

    learning: bool = True
    automatic: bool = True
    generates: bool = True
    pause_s: float = 1800.0
