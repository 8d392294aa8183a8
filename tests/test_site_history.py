"""The best over time."""

import re

import pytest
from leaderboard_entries import entry, place, write_results

from bench.leaderboard.board import read_board
from bench.site.history import HEIGHT, LEFT, RIGHT, WIDTH, history


def board_of(tmp_path, *made):
    """A board of entries (quality, day)."""
    write_results(tmp_path, 0)
    for number, (quality, day) in enumerate(made, 20):
        about = {"name": f"model {number}"}
        place(tmp_path, entry(number, quality=quality, created_utc=f"{day}T12:00:00Z", about=about), picture=False)
    return read_board(tmp_path, "digits")


def test_the_line_goes_down_by_a_step_where_an_entry_is_better_than_all_before(tmp_path):
    days = ("2026-01-01", "2026-01-03", "2026-01-05", "2026-01-09")
    found = history(board_of(tmp_path, *zip((0.5, 0.8, 0.6, 0.9), days, strict=True)))
    assert [day.best for day in found.days] == [True, True, False, True]
    assert [day.date for day in found.bests] == ["2026-01-01", "2026-01-03", "2026-01-09"]
    first, second, _, last = found.days
    ends = f"H{second.x}V{second.y}H{last.x}V{last.y}H{WIDTH - RIGHT}"
    assert found.path == f"M{first.x} {first.y}{ends}"
    assert (first.x, last.x) == (LEFT, WIDTH - RIGHT) and first.y < second.y < last.y  # lower is better, and lower down
    assert all(0 < day.y < HEIGHT for day in found.days)


def test_entries_of_one_day_have_no_history(tmp_path):
    assert history(board_of(tmp_path, (0.5, "2026-01-01"), (0.8, "2026-01-01"))) is None


@pytest.mark.parametrize("last", ["2026-01-02", "2026-01-09", "2026-03-01", "2026-12-31", "2039-01-01"])
def test_a_few_whole_days_are_on_the_axis(tmp_path, last):
    found = history(board_of(tmp_path, (0.5, "2026-01-01"), (0.8, last)))
    assert 1 <= len(found.x_ticks) <= 5
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\d", tick.label) and LEFT <= tick.x <= WIDTH - RIGHT for tick in found.x_ticks
    )


def test_a_higher_number_is_the_best_where_that_is_better(tmp_path):
    board_of(tmp_path, (0.5, "2026-01-01"), (0.8, "2026-01-03"))
    found = history(read_board(tmp_path, "digits", "inception_score_corrected"))
    first, last = found.days
    assert first.best and last.best and last.y < first.y


def test_of_many_entries_only_the_first_and_those_that_led_have_a_title(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.site.history.MARKS", 1)
    days = ("2026-01-01", "2026-01-03", "2026-01-05", "2026-01-09")
    found = history(board_of(tmp_path, *zip((0.5, 0.4, 0.9, 0.8), days, strict=True)))
    assert [day.date for day in found.days] == ["2026-01-01", "2026-01-05"] and len(found.dots) == 2
