"""Where an entry stands: its neighbours, the verdicts with names, the strip, what it has replaced."""

import re
from dataclasses import replace

import pytest
from leaderboard_entries import entry, place, scores, write_results

from bench.leaderboard.board import read_board
from bench.leaderboard.entries import Earlier, Origin, read_entry, write_entry
from bench.leaderboard.entry_places import entry_path
from bench.site.earlier import submissions
from bench.site.entry_views import _provenance
from bench.site.where import NAMED, where


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """A board of two controls, 24 single entries, and a model with two seeds."""
    results = tmp_path_factory.mktemp("where") / "results"
    write_results(results, 26, pictures=False)
    for seed, quality in enumerate((0.6, 0.5)):
        origin = Origin("checkpoint", str(seed) * 64, "vae", {}, seed, 5, 0)
        made = entry(12, quality=quality, origin=origin, slug=f"m-seed-{seed}", about={"name": f"m, seed {seed}"})
        place(results, made, picture=False)
    return read_board(results, "digits")


def test_the_entries_before_and_after_are_those_of_the_ranking(board):
    names = [one.name for one in board.ranked]
    for number, one in enumerate(board.ranked):
        found = where(board, one.seeds[0] if one.seeds else one)
        assert (found.before.name if found.before else None) == (names[number - 1] if number else None)
        assert (found.after.name if found.after else None) == (names[number + 1] if number + 1 < len(names) else None)
        assert found.before is None or found.before.href == f"{board.ranked[number - 1].entry.slug}.html"


def test_a_comparison_with_a_neighbour_is_one_link_away(board):
    place_, mean = next((number, one) for number, one in enumerate(board.ranked) if one.seeds)
    links = where(board, board.ranked[place_ + 1]).beside
    slug = board.ranked[place_ + 1].entry.slug
    assert links[0].name == mean.name
    assert links[0].href == f"../../tracks/digits.html?compare={slug}%2Cmean%3Am-seed-0"


def test_every_verdict_names_the_nearest_entries_and_counts_the_others(board):
    found = where(board, board.ranked[0])
    assert found.words.startswith("better than ") and found.words.endswith("worse than 0")
    assert sum(len(links) + more for _, links, more in found.verdicts) == len(board.ranked) - 1
    word, links, more = found.verdicts[0]
    assert word == f"Better than {len(links) + more}" and len(links) == NAMED
    assert [one.rank for one in links] == sorted(one.rank for one in links)


def test_the_strip_has_a_line_for_every_ranked_entry_and_names_those_that_are_not_told_apart(board):
    found = where(board, board.ranked[3])
    strip = found.strip
    numbers = [int(spot.title.partition(":")[0]) for kind, spot in strip.spots if kind == "alike"]
    assert numbers == [link.rank for word, links, _ in found.verdicts for link in links if word.startswith("Not told")]
    lines = {int(x) for x in re.findall(r"M(\d+) 32V42", strip.lines)}
    assert {round(spot.x) for _, spot in strip.spots} <= {x + off for x in lines for off in (-1, 0, 1)}
    assert [spot.x for kind, spot in strip.spots if kind == "mine"] == [strip.bar.x]
    assert strip.bar.low <= strip.bar.x <= strip.bar.high
    assert {side.name: side.beyond for side in strip.landmarks} == {"real 2": 0, "noise": 1}


def test_a_seed_stands_where_the_mean_of_its_model_stands_and_all_seeds_are_dots(board):
    (mean,) = [one for one in board.ranked if one.seeds]
    found = where(board, mean.seeds[1])
    assert found.who == "m, mean of 2 seeds"
    assert [kind for kind, _ in found.strip.spots].count("seed") == 2


def test_what_is_not_ranked_stands_nowhere(board):
    assert board.controls and not any(where(board, one) for one in board.controls)


def test_what_was_replaced_is_shown_with_its_scores_where_they_are_of_the_same_track(board, tmp_path):
    write_results(tmp_path, 4, pictures=False)
    path = entry_path(tmp_path, "digits", "dcgan")
    made = read_entry(path)
    old = Earlier("1" * 64, "2025-12-01T00:00:00Z", scores(0.4), made.track_id)
    other = Earlier("2" * 64, "2025-12-02T00:00:00Z", scores(0.4), "0" * 12)
    write_entry(path, replace(made, earlier=(Earlier("0" * 64, "2025-11-30T00:00:00Z"), old, other)))
    assert read_entry(path).earlier[1] == old
    again = read_board(tmp_path, "digits")
    found = submissions(again, next(one for one in again.ranked if one.entry.slug == "dcgan"))
    assert [time[:10] for time, _ in found.rows] == [made.created_utc[:10], "2025-12-02", "2025-12-01", "2025-11-30"]
    empty = [set(numbers) == {"–"} for _, numbers in found.rows]
    assert empty == [False, True, False, True]
    assert found.titles[0].startswith("Way to noise") and submissions(again, again.ranked[1]) is None


def test_an_entry_says_what_it_cost_where_that_is_recorded():
    known = replace(entry(2).origin, parameters=1_234_567, training_seconds=754.0, seconds_per_image=0.00024)
    said = {what: words for what, words, _ in _provenance(replace(entry(2), origin=known))}
    assert (said["Parameters"], said["Time of the training"]) == ("1,234,567", "13 min")
    assert said["Time for one image"] == "0.24 ms"
    assert "Parameters" not in {what for what, *_ in _provenance(entry(2))}
