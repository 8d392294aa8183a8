"""Models on a board that were submitted with several training seeds: one rank, by the mean."""

from dataclasses import replace

import numpy as np
import pytest
from leaderboard_entries import entry, place, scores, write_results
from scipy.stats import ttest_ind
from tiny_runs import values

import bench
from bench.leaderboard.board import read_board
from bench.leaderboard.board_tables import everything, overview, ranking
from bench.leaderboard.differences import Estimate, differences
from bench.leaderboard.disputes import Disputes, disputes
from bench.leaderboard.entries import Origin
from bench.leaderboard.seeds import apart_of, family_of, mean_estimate
from bench.site.views import track_view
from bench.tables.columns import Number
from metrics.fid import METRIC as FID

QUALITIES = (0.90, 0.88, 0.95)
CORRECTED = Number(FID, FID.output("fid_corrected"))


def seed(number, **changes):
    made = entry(20, about={"name": f"swan, seed {number}"}, slug=f"swan-seed-{number}")
    origin = Origin("checkpoint", "a" * 64, "swan", {"lr": 0.1}, training_seed=number, training_steps=9)
    return replace(made, origin=origin, scores=scores(QUALITIES[number % 3]), **changes)


@pytest.fixture
def board(tmp_path):
    write_results(tmp_path, 6, pictures=False)
    for number in range(3):
        place(tmp_path, seed(number), picture=False)
    return read_board(tmp_path, "digits", "fid_corrected")


def mean_of(board):
    return next(one for one in board.ranked if one.seeds)


def test_a_model_with_several_seeds_has_one_rank_by_their_mean(board):
    mean = mean_of(board)
    each = [scores(quality)["fid"]["fid_corrected"] for quality in QUALITIES]
    assert mean.name == "swan, mean of 3 seeds"
    assert mean.scores["fid"]["fid_corrected"] == pytest.approx(np.mean(each))
    assert mean.rank.first <= mean.rank.number <= mean.rank.last
    assert [one.rank for one in mean.seeds] == [None] * 3
    order = [one.scores["fid"]["fid_corrected"] for one in board.ranked]
    assert order == sorted(order)


def test_every_seed_keeps_its_row_and_its_page(board):
    names = values(ranking(board), "name")
    place = names.index("swan, mean of 3 seeds")
    assert names[place + 1 : place + 4] == ["swan, seed 0", "swan, seed 1", "swan, seed 2"]
    assert values(everything(board), "status").count("seed") == 3
    slugs = [one.entry.slug for one in board.entries]
    assert len(slugs) == len(set(slugs)) == len(board.ranked) + len(board.flagged) + len(board.controls) + 2
    rows = track_view(board, Disputes(0, ())).ranked.rows
    assert [row.href.rpartition("/")[2] for row in rows if row.rank is None] == [
        f"swan-seed-{number}.html" for number in range(3)
    ]


def test_the_notes_name_the_spread_between_seeds_and_the_sampling_error(board):
    notes = ranking(board).notes
    assert any("swan, mean of 3 seeds, corrected FID: spread between seeds" in note for note in notes)
    assert any("of entries with one seed the spread between seeds is not known" in note for note in notes)
    assert values(overview([board]), "ranked") == [len(board.ranked)]


def test_a_board_of_single_seeds_says_that_the_spread_is_not_known(tmp_path):
    write_results(tmp_path, 4, pictures=False)
    assert "the spread between seeds is not known" in bench.leaderboard("digits", results=tmp_path)[0].notes[-1]


def test_means_are_in_no_disputed_pair(board, tmp_path):
    assert not any("swan" in one.a + one.b for one in disputes(tmp_path, board).pairs)


@pytest.mark.parametrize(
    "other",
    [
        seed(3, about=replace(seed(3).about, authors="somebody else")),
        seed(3, about=replace(seed(3).about, name="swan, larger, seed 3")),
        replace(seed(3), origin=replace(seed(3).origin, settings={"lr": 0.2})),
        replace(seed(3), origin=replace(seed(3).origin, training_steps=8)),
        replace(seed(3), origin=replace(seed(3).origin, training_seed=None)),
    ],
    ids=["submitter", "name", "settings", "steps", "no seed"],
)
def test_what_is_not_the_same_model_is_no_seed_of_it(other):
    assert family_of(other) != family_of(seed(0)) == family_of(seed(1))


def test_a_flagged_seed_was_tried_and_is_not_in_the_mean(tmp_path):
    write_results(tmp_path, 3, pictures=False)
    for number in range(3):
        made = seed(number)
        copied = scores(0.9, copied=1.0) if number == 2 else made.scores
        place(tmp_path, replace(made, scores=copied), picture=False)
    found = read_board(tmp_path, "digits")
    assert mean_of(found).name == "swan, mean of 2 of 3 seeds"
    assert "swan, seed 2" in [one.name for one in found.flagged]


def test_two_means_are_told_apart_as_by_welchs_t_test():
    a, b = [1.0, 1.4, 0.9], [2.0, 2.6, 2.1, 1.8]

    def mean(sample):
        variance = float(np.var(sample, ddof=1)) / len(sample)
        return Estimate(float(np.mean(sample)), variance, 0.0, 0.0, rest=variance, degrees=len(sample) - 1)

    from scipy.stats import norm

    apart = differences([mean(a), mean(b)]).apart()
    assert 2 * norm.sf(abs(apart[0, 1])) == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue)
    assert apart[0, 1] == -apart[1, 0] < 0


def test_what_all_seeds_share_is_not_in_the_part_that_differs():
    moves = np.array([0.3, 0.5, -0.5, 0.2])
    assert apart_of([moves, moves]) == pytest.approx(0.09)
    assert apart_of([moves, None]) is None


def test_the_mean_without_influences_has_the_usual_share_of_the_real_images_error():
    each = [{"fid": {"fid_corrected": value, "fid_sd": 0.2, "fid_low": value - 0.5, "fid_high": value + 0.5}}
            for value in (1.0, 2.0)]  # fmt: skip
    found = mean_estimate(CORRECTED, [(one, None) for one in each])
    assert (found.value, found.rest, found.degrees) == (1.5, pytest.approx(0.25), 1)
    assert found.variance == pytest.approx(0.25 + 0.5 * 0.04)
    assert mean_estimate(CORRECTED, [(each[0], None), ({"fid": {"fid_corrected": 1.0}}, None)]) is None
