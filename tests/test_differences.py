"""Influences and paired differences: against leaving images out, against their spread, and by hand."""

import numpy as np
import pytest
from numbers_named import NUMBERS

from bench.leaderboard.differences import Z95, Estimate, difference, differences, estimate
from bench.leaderboard.influence import influences, read_influences
from metrics import fid, kid
from metrics.errors import InputError

D = 6
ROWS = (fid.METRIC, kid.METRIC)


def estimated(name, scores, rows=None):
    """A number with its row of the influences of an entry."""
    number = NUMBERS[name]
    return estimate(number, scores, None if rows is None else rows[ROWS.index(number.metric)])


def _images(seed, n, step=0.0, spread=1.0):
    return step + spread * np.random.default_rng(seed).normal(size=(n, D))


def _scores(real, made):
    return {"fid": fid.compute(real, made), "kid": kid.compute(real, made)}


# ----- influences


def test_leaving_an_image_out_changes_the_kid_by_its_influence():
    real, made = _images(0, 60), _images(1, 50, 0.3)
    moves, _ = kid.influence(real, made)
    whole = kid.compute(real, made)["kid"]
    left = np.array([kid.compute(np.delete(real, i, axis=0), made)["kid"] for i in range(60)])
    assert moves.sum() == pytest.approx(0, abs=1e-12)
    assert whole - left == pytest.approx(moves, rel=0.08, abs=0.08 * moves.std())  # 1/n and the mean of second order


def test_the_variance_of_the_generated_images_is_their_part_of_the_kids():
    real, made = _images(0, 80), _images(1, 80, 0.5)
    sd = kid.compute(real, made)["kid_sd"]
    _, variance = kid.influence(real, made)
    assert 0 < variance < sd**2
    _, other = kid.influence(made, real)  # the KID is symmetric, and so are its parts
    assert variance + other < sd**2 * 1.05


def test_the_array_of_an_entry_holds_both_rows_with_the_generated_side_first():
    real, made = _images(0, 40), _images(1, 30, 0.2)
    array = influences(ROWS, real, made)
    of_real, of_generated = fid.influence(real, made)
    of_kid, variance = kid.influence(real, made)
    assert array.shape == (2, 41)
    assert array.dtype == np.float32
    assert array[0] == pytest.approx([np.linalg.norm(of_generated), *of_real], rel=1e-6)
    assert array[1] == pytest.approx([np.sqrt(variance), *of_kid], rel=1e-6)


def test_an_array_can_be_read_again(tmp_path):
    array = influences(ROWS, _images(0, 40), _images(1, 30))
    np.save(tmp_path / "influence.npy", array)
    assert np.array_equal(read_influences(tmp_path / "influence.npy", 40, 2), array)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist; restore it"),
        (b"no array", "is not a readable array file"),
        (np.zeros((2, 40), np.float32), r"holds float32 \[2, 40\]; expected finite float32 \[2, 41\]"),
        (np.zeros((2, 41)), r"holds float64 \[2, 41\]"),
        (np.full((2, 41), np.nan, np.float32), "expected finite"),
        (np.array([{}]), "holds Python objects, which are never loaded"),
    ],
)
def test_an_array_that_is_missing_damaged_or_another_one_is_refused(tmp_path, content, said):
    path = tmp_path / "influence.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(InputError, match=said):
        read_influences(path, 40, 2)


# ----- differences


def _drawn(seed, alike):
    """A and B as far from the real images; in the same direction where they are alike, in the opposite one else."""
    real = _images(3 * seed, 80)
    return real, [_images(3 * seed + 1, 80, 0.5, 1.2), _images(3 * seed + 2, 80, 0.6 if alike else -0.6, 1.2)]


@pytest.mark.usefixtures("without_checks_of_shapes")
@pytest.mark.parametrize("alike", [True, False])
def test_the_paired_standard_error_is_the_spread_of_the_difference(alike):
    repeats = 50
    found = {name: [] for name in ("fid_corrected", "kid")}
    for seed in range(repeats):
        real, generated = _drawn(seed, alike)
        scores = [_scores(real, made) for made in generated]
        moves = [influences(ROWS, real, made) for made in generated]
        for name, rows in found.items():
            paired = difference(*(estimated(name, *side) for side in zip(scores, moves, strict=True)))
            apart = difference(*(estimated(name, side) for side in scores))
            rows.append((paired.value, paired.se, apart.se))
            assert paired.paired
            assert not apart.paired
    for name, rows in found.items():
        value, paired, apart = np.array(rows).T
        spread, paired, apart = value.std(ddof=1), np.sqrt(np.mean(paired**2)), np.sqrt(np.mean(apart**2))
        # seeded: the spread of 50 values is known to 10 %, and the estimate is some per cent too wide
        assert paired == pytest.approx(spread, rel=0.2), name
        assert apart > 1.05 * paired if alike else apart < paired, name


def test_an_entry_against_its_own_images_differs_by_the_generated_ones_only():
    real, made = _images(0, 50), _images(1, 50, 0.4)
    one = estimated("kid", _scores(real, made), influences(ROWS, real, made))
    found = difference(one, one)
    assert (found.value, found.told_apart) == (0, False)
    assert found.se**2 == pytest.approx(2 * kid.influence(real, made)[1], rel=1e-5)  # float32


def test_without_influences_both_variances_are_added():
    a, b = Estimate(5.0, 0.09, 0.1, 0.2), Estimate(3.0, 0.16, 0.3, 0.4)
    found = difference(a, b)
    assert (found.value, found.se, found.paired) == (2.0, pytest.approx(0.5), False)
    # Both are wrong by one share of their room: -0.1 less -0.3 at most downward, 0.2 less 0.4 upward.
    assert found.low == pytest.approx(2 - 0.2 - Z95 * 0.5)
    assert found.high == pytest.approx(2 + 0.2 + Z95 * 0.5)
    assert found.told_apart


def test_all_differences_are_those_of_the_pairs_in_both_directions():
    real = _images(0, 40)
    sides = [_images(seed, 40, 0.1 * seed) for seed in range(1, 5)]
    estimates = [estimated("fid_corrected", _scores(real, made), influences(ROWS, real, made)) for made in sides]
    estimates[2] = estimated("fid_corrected", _scores(real, sides[2]))
    found = differences(estimates)
    for i, a in enumerate(estimates):
        for j, b in enumerate(estimates):
            if i == j:
                continue
            pair = difference(a, b)
            assert found.value[i, j] == pytest.approx(pair.value, rel=1e-12)
            assert found.se[i, j] == pytest.approx(pair.se, rel=1e-9)
            assert found.paired[i, j] == pair.paired == (2 not in (i, j))
            assert (abs(found.apart()[i, j]) > Z95) == pair.told_apart
            assert found.apart()[i, j] == pytest.approx(-found.apart()[j, i])


def test_the_room_of_an_interval_keeps_two_scores_together():
    wide, narrow = Estimate(5.0, 0.01, 2.0, 2.0), Estimate(4.0, 0.01, 0.0, 0.0)
    assert differences((wide, narrow)).apart()[0, 1] == 0
    assert differences((Estimate(5.0, 0.01, 0.0, 0.0), narrow)).apart()[0, 1] == pytest.approx(1 / np.sqrt(0.02))


def test_the_room_comes_from_the_interval_of_the_score():
    score = {"inception_score_corrected": 5.0, "inception_score_se": 0.1, "inception_score_low": 5 - Z95 * 0.1}
    found = estimated("inception_score_corrected", {"inception-score": {**score, "inception_score_high": 5.6}})
    assert found.down == pytest.approx(0, abs=1e-12)
    assert found.up == pytest.approx(0.6 - Z95 * 0.1)
    assert estimated("inception_score_corrected", {"inception-score": score}) is None
    assert estimated("kid", {}) is None
