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


def test_the_interval_of_a_single_look_is_drawn() -> None:
    drawn = chart([Series("gain", [(80, 0.004)], low=[-0.02], high=[0.03])], with_zero=True)
    assert drawn is not None
    ((at, top, bottom),) = drawn.lines[0].whiskers
    ((x, y),) = drawn.lines[0].points
    assert at == x
    assert top < y < bottom, "heights count from above"


def test_places_that_stand_for_something_else_are_named() -> None:
    drawn = chart([Series("loss", [(0, 0.5), (1, 0.4), (2, 0.6)])], names=["0.1", "1", "10"])
    assert drawn is not None
    assert [tick.label for tick in drawn.across] == ["0.1", "1", "10"]
    assert [tick.at for tick in drawn.across] == [x for x, _ in drawn.lines[0].points]


def test_few_points_are_told_at_their_own_places() -> None:
    drawn = chart([Series("gain", [(100, 0.01), (250, 0.02), (500, 0.03)])])
    assert drawn is not None
    assert [tick.label for tick in drawn.across] == ["100", "250", "500"]
    close = chart([Series("gain", [(100, 0.01), (101, 0.02), (500, 0.03)])])
    assert close is not None
    assert "101" not in [tick.label for tick in close.across], "labels would overlap"
