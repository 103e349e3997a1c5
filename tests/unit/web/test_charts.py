"""Charts: scales that hold every point, round ticks, and bands around intervals."""

from __future__ import annotations

import math

from src.web.pages.learning.charts import HEIGHT, WIDTH, Series, chart


def test_every_point_and_interval_lies_within_the_drawing() -> None:
    drawn = chart(
        [
            Series(
                "gain",
                [(100, -0.01), (250, 0.02), (500, 0.03)],
                low=[-0.06, -0.01, 0.01],
                high=[0.04, 0.05, 0.05],
            )
        ],
        with_zero=True,
    )
    assert drawn is not None
    (line,) = drawn.lines
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line.points)
    assert [x for x, _ in line.points] == sorted(x for x, _ in line.points)
    heights = [y for _, y in line.points]
    assert heights == sorted(heights, reverse=True), "more is higher up"
    assert line.band.endswith("Z")
    assert drawn.zero is not None
    assert heights[0] > drawn.zero > heights[1]


def test_ticks_are_round_numbers_within_the_scale() -> None:
    drawn = chart([Series("loss", [(1, 0.913), (40, 0.271)])])
    assert drawn is not None
    labels = [float(tick.label) for tick in drawn.up]
    assert 3 <= len(labels) <= 8
    assert all(math.isclose(label * 10, round(label * 10)) for label in labels)
    assert drawn.zero is None


def test_one_point_is_drawn_and_none_is_no_chart() -> None:
    assert chart([Series("gain", [(100, 0.0)])]) is not None
    assert chart([Series("gain", [])]) is None
    assert chart([Series("gain", [(1.0, math.nan)])]) is None
