"""Where points, ticks, labels and arrows lie in a scatter."""

import itertools
import re
from pathlib import Path

import pytest

import bench.site
from bench.site.axes import even_ticks, fitting
from bench.site.scatter import LABEL_LENGTH, LINE, MARKS, PLOT, PLOT_BOTTOM, PLOT_LEFT, Point, label_width, scatter


def points(count):
    return [Point(n % 7 / 7, n % 11 / 10, f"a model of number {n}", "", "submission", named=True) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 30])
def test_labels_touch_no_point_and_no_other_label(count):
    marks = scatter(points(count)).marks
    boxes = []
    for mark in marks:
        if mark.anchor:
            width = label_width(mark.label)
            left = mark.label_x - {"start": 0, "middle": width / 2, "end": width}[mark.anchor]
            boxes.append((left, mark.label_y - 5 - LINE / 2, left + width, mark.label_y - 5 + LINE / 2))
    assert (len(boxes) > 0) == (count > 0)
    slack = 0.2  # places are rounded to a tenth
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] + slack or b[2] <= a[0] + slack or a[3] <= b[1] + slack or b[3] <= a[1] + slack
    for mark, box in itertools.product(marks, boxes):
        assert not (box[0] < mark.x < box[2] and box[1] < mark.y < box[3])


def test_of_many_entries_the_later_ones_are_dots_and_what_is_special_is_not():
    drawn = scatter([*points(MARKS + 5), Point(0.5, 0.5, "train-copies", "", "control")])
    assert (len(drawn.marks), len(drawn.dots)) == (MARKS + 1, 5)


def test_only_points_that_are_to_be_named_have_a_label():
    marks = scatter([Point(0.1, 0.5, "first", "", "submission", named=True), Point(0.9, 0.5, "last", "", "submission")])
    assert [bool(mark.anchor) for mark in marks.marks] == [True, False]


@pytest.mark.parametrize("values", [[0.41, 0.44, 0.43], [0.0, 0.93], [1.1, 1.31], [7.0, 9.5], [0.5], [3e4, 9e4]])
def test_axes_fit_the_points_with_a_few_round_ticks(values):
    scale = fitting(values, 0.0, 100.0)
    assert scale.low <= min(values) <= max(values) <= scale.high
    ticks = even_ticks(scale)
    assert 3 <= len(ticks) <= 9 and len({tick.label for tick in ticks}) == len(ticks)
    assert all(scale.place(float(tick.label)) == tick.x for tick in ticks)
    spread = max(values) - min(values)
    assert not spread or spread > 0.5 * (scale.high - scale.low)


def test_an_axis_of_shares_does_not_go_beyond_0_and_1():
    scale = fitting([0.0, 0.4, 1.0], 0.0, 100.0)
    assert (scale.low, scale.high) == (0.0, 1.0)


@pytest.mark.parametrize(("x", "y", "turn"), [(0.0, 0.5, 180), (0.5, 0.0, 90), (0.0, 0.0, 135), (0.5, 0.5, None)])
def test_a_landmark_outside_is_an_arrow_at_the_edge_that_points_to_it(x, y, turn):
    inner = [Point(0.4, 0.4, "", "", "submission"), Point(0.6, 0.6, "", "", "submission")]
    mark = scatter([*inner, Point(x, y, "noise", "", "noise-set", outside=True)]).marks[-1]
    assert mark.turn == turn
    assert PLOT_LEFT <= mark.x <= PLOT and 0 <= mark.y <= PLOT - PLOT_BOTTOM


def test_a_long_name_is_cut_in_its_label_only():
    (mark,) = scatter([Point(0.1, 0.5, "n" * 80, "", "submission", named=True)]).marks
    assert len(mark.label) == LABEL_LENGTH and mark.label.endswith("…")
    assert mark.point.name == "n" * 80


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_shape_stands_out_from_the_paper_by_3_to_1(scheme):
    sheet = (Path(bench.site.__file__).parent / "static/site.css").read_text(encoding="utf-8")
    pairs = {name: both for name, *both in re.findall(r"--([a-z]+): light-dark\((#\w+), (#\w+)\)", sheet)}
    colours = {name: both[scheme == "dark"] for name, both in pairs.items()}
    for name in ("accent", "violet", "bad", "real", "noise"):
        low, high = sorted(luminance(colours[one]) for one in (name, "paper"))
        assert (high + 0.05) / (low + 0.05) >= 3, name
