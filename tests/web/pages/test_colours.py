"""The colours can be told apart: WCAG 2.2, level AA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path("src/web/static/css/site.css").read_text()
SCHEMES = {"light": 0, "dark": 1}
TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in ("paper", "surface", "sunken")),
    *((tone, f"{tone}-soft") for tone in ("good", "busy", "warn", "bad", "accent")),
    *(("ink", f"{tone}-soft") for tone in ("good", "busy", "warn", "bad")),
    *(("soft", f"{tone}-soft") for tone in ("bad", "warn")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("bad", "surface"),
    ("bad", "paper"),
    ("ink", "mark"),
    *(
        (f"hl-{part}", ground)
        for part in ("keyword", "string", "number", "comment", "name", "kind")
        for ground in ("sunken", "surface", "mark")
    ),
]
EDGES = [("line-strong", "surface"), ("line-strong", "paper"), ("accent", "paper"), ("mark-edge", "surface")]


def colours(scheme: str) -> dict[str, str]:
    block = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[SCHEMES[scheme]]
    return dict(re.findall(r"--([\w-]+): #([0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_stands_out_from_its_ground(scheme: str, ink: str, ground: str) -> None:
    palette = colours(scheme)
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_fields_and_marks_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    palette = colours(scheme)
    assert contrast(palette[edge], palette[ground]) >= 3
