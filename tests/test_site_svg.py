"""Where intervals and their ticks lie."""

import itertools

import pytest

from bench.site.svg import (
    BAR_MARGIN,
    BAR_WIDTH,
    RANKS_WIDTH,
    TICK_GAP,
    Scale,
    bar,
    interval_scale,
    interval_ticks,
    ranks_bar,
)

INTERVALS = [(-0.3, 0.2), (0.5, 1.1), (3.0, 3.8), (10.0, 12.0)]


def test_a_scale_keeps_the_order_and_holds_every_end():
    scale = interval_scale(INTERVALS, [18.0])
    places = [scale.place(value) for value in (-0.3, 0.0, 0.2, 0.5, 1.1, 3.0, 12.0, 18.0)]
    assert places == sorted(places) and len(set(places)) == len(places)
    assert places[0] == BAR_MARGIN and places[-1] == BAR_WIDTH - BAR_MARGIN


def test_a_scale_begins_at_the_lowest_end_and_is_linear_where_all_intervals_can_be_seen():
    scale = interval_scale([(10.0, 11.0), (12.0, 13.0)])
    assert (scale.low, scale.high, scale.unit) == (10.0, 13.0, None)
    assert interval_scale([(10.0, 11.0), (1000.0, 1001.0)]).unit == 0.5


def test_a_scale_is_linear_near_zero_and_logarithmic_far_out():
    scale = Scale(-1.0, 1000.0, 0.0, 1000.0, unit=1.0)
    assert scale.place(0.1) - scale.place(0.0) == pytest.approx(scale.place(0.0) - scale.place(-0.1), abs=0.11)
    assert scale.place(1000) - scale.place(100) == pytest.approx(scale.place(100) - scale.place(10), abs=1.0)


def test_a_value_beyond_the_scale_is_told_from_one_on_it():
    scale = Scale(1.0, 2.0, 0.0, 100.0)
    assert [bar(scale, value, None, None).beyond for value in (0.5, 1.0, 1.5, 2.0, 9.0)] == [-1, 0, 0, 0, 1]


def test_the_ranks_of_an_entry_are_a_part_of_all_ranks():
    assert (ranks_bar(1, 1, 4).low, ranks_bar(1, 1, 4).high) == (0.0, RANKS_WIDTH / 4)
    assert (ranks_bar(3, 4, 4).low, ranks_bar(3, 4, 4).high) == (RANKS_WIDTH / 2, RANKS_WIDTH)


def test_what_lies_beyond_the_scale_is_drawn_at_its_end():
    assert bar(Scale(0.0, 1.0, 0.0, 100.0), 0.5, -3.0, 9.0).low == 0.0
    assert bar(Scale(0.0, 1.0, 0.0, 100.0), 0.5, -3.0, 9.0).high == 100.0


def test_a_value_without_an_interval_is_a_dot():
    drawn = bar(Scale(0.0, 1.0, 0.0, 100.0), 0.25, None, None)
    assert (drawn.low, drawn.x, drawn.high) == (25.0, 25.0, 25.0)


@pytest.mark.parametrize(
    "intervals", [[], [(0.0, 0.0)], [(2.0, 2.0)], [(-5.0, -4.0)], INTERVALS, [(0.0, 1e-6)], [(0, 1e9)]]
)
def test_ticks_have_room_and_lie_on_the_scale(intervals):
    ticks = interval_ticks(interval_scale(intervals))
    assert ticks
    assert all(b.x - a.x >= TICK_GAP for a, b in itertools.pairwise(ticks))
    assert all(BAR_MARGIN <= tick.x <= BAR_WIDTH - BAR_MARGIN for tick in ticks)


@pytest.mark.parametrize(("low", "high", "labels"), [(0.0, 0.4, ["0", "0.2", "0.4"]), (94.0, 99.0, ["94", "96", "98"])])
def test_the_ticks_of_a_linear_scale_are_even_steps(low, high, labels):
    assert [tick.label for tick in interval_ticks(Scale(low, high, 10.0, 130.0))] == labels
