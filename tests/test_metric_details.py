"""Details of the metrics: options and tables at their limits, each sign of dependence alone, texts of refusals."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from metrics import inception_score, kid, memorisation, mse, prdc, splits
from metrics.arithmetic.arrays import check_matrix, check_pair, plain_array, row_blocks
from metrics.arithmetic.dependence import Links, links
from metrics.arithmetic.fid_interval import _halves, infinity, jackknife, split_half, splits_of
from metrics.arithmetic.frechet import Side, fid_of, influence
from metrics.arithmetic.gaussian import GaussianStats, check_covariance, eigen_root, nuclear_norm, overlap
from metrics.arithmetic.near_duplicates import near_duplicates
from metrics.arithmetic.thumbnails import levelled, shifted, thumbnails, two_nearest
from metrics.errors import InputError
from metrics.extractors.types import Extractor
from metrics.options import check_names, check_seed, place, shown, switch, text, whole_number

ROWS = np.random.default_rng(0).normal(size=(12, 3))

# ----- options

FITTING = {  # what a function takes, and what it refuses with which words
    "a whole number from 2": (
        lambda value: whole_number(value, "k", 2), [2, 10**9, np.uint8(2)],
        {1: "k is 1; expected at least 2", "3": "k is '3'; expected a whole number, at least 2", 2.0: "k is 2.0;"},
    ),
    "a whole number from 0 to 5": (
        lambda value: whole_number(value, "k", 0, 5), [0, 5],
        {-1: "k is -1; expected from 0 to 5", 6: "k is 6; expected from 0 to 5", "3": "k is '3'; expected a whole"},
    ),
    "a seed": (
        check_seed, [0, 2**32 - 1], {-1: "the seed is -1; expected from 0 to 4294967295", 2**32: "is 4294967296"},
    ),
    "a switch": (lambda value: switch(value, "s"), [True, False], {1: "s is 1; expected True or False", None: "None"}),
    "a text": (lambda value: text(value, "t"), ["x"], {"": "t is ''; expected a name", 3: "t is 3; expected a name"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FITTING)
def test_an_option_is_taken_up_to_its_limits_and_refused_beyond(name):
    check, taken, refused = FITTING[name]
    for value in taken:
        assert check(value) == value
    for value, said in refused.items():
        with pytest.raises(InputError) as error:
            check(value)
        assert said in str(error.value)


def test_a_path_is_a_text_or_a_path_with_something_in_it(tmp_path):
    assert place(str(tmp_path), "the folder") == place(tmp_path, "the folder") == tmp_path
    for value, said in (("", "''"), (3, "3"), (None, "None"), (b"x", "a bytes")):
        with pytest.raises(InputError, match=f"the folder is {said}; expected a path"):
            place(value, "the folder")


def test_an_unknown_name_is_answered_with_the_close_one_or_with_all():
    check_names(["fid", "kid"], ["kid", "fid"], "metric")
    with pytest.raises(InputError, match=r"no metric 'fdi'\. Did you mean 'fid'\?"):
        check_names(["kid", "fdi"], ["fid", "kid"], "metric")
    with pytest.raises(InputError, match=r"no metric 'psnr'\. There are: fid, kid\."):
        check_names(["psnr"], iter(["fid", "kid"]), "metric")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"), (3, "3"), (2.5, "2.5"), ("x", "'x'"), ([1], "a list"), ((), "a tuple"),
        (np.zeros(1), "a ndarray"),
        (SimpleNamespace(), "a SimpleNamespace"), (OSError(), "an OSError"), ("x" * 58, repr("x" * 58)),
        ("x" * 59, "'" + "x" * 55 + " ..."),
    ],
)  # fmt: skip
def test_a_value_in_a_message_is_itself_where_it_is_short(value, words):
    assert shown(value) == words


def test_true_is_no_whole_number():
    with pytest.raises(InputError, match="k is True; expected a whole number, at least 1"):
        whole_number(True, "k", 1)


# ----- tables


def test_a_table_is_taken_from_its_least_rows_and_values_on():
    assert check_matrix(ROWS[:4], "the rows", 4) is not None
    bad = {
        "have 3 row(s); expected at least 4": ROWS[:3],
        "have shape (12,)": ROWS[:, 0],
        "have shape (12, 3, 1)": ROWS[:, :, None],
        "have shape (12, 0)": ROWS[:, :0],
        "are of type bool": ROWS > 0,
        "are of type complex128": ROWS + 0j,
        "values beyond 1e20, first in row 2": np.where(np.arange(12)[:, None] >= 2, 1.1e20, ROWS),
        "NaN or infinity, first in row 5": np.where(np.arange(12)[:, None] >= 5, -np.inf, ROWS),
        "are all below 1e-60": ROWS * 1e-62,
    }
    for said, values in bad.items():
        with pytest.raises(InputError) as error:
            check_matrix(values, "the rows", 4)
        assert said in str(error.value)
    for values in (np.full((4, 2), 1e20), np.full((4, 2), -1e20), np.zeros((4, 2)), np.full((4, 2), 1e-60)):
        check_matrix(values, "the rows", 4)
    with pytest.raises(InputError, match="beyond 1e20"):
        check_matrix(np.full((4, 2), -1.1e20), "the rows", 4)


def test_a_longdouble_is_read_as_float64_and_a_half_as_it_is():
    assert check_matrix(ROWS.astype(np.longdouble), "the rows", 1).dtype == np.float64
    assert check_matrix(ROWS.astype(np.float16), "the rows", 1).dtype == np.float16


def test_both_tables_of_a_pair_are_looked_at_and_named():
    for pair, said in (
        ((ROWS[:1], ROWS), "the real features have 1 row"), ((ROWS, ROWS[:1]), "the generated features have 1 row"),
        ((ROWS, ROWS[:, :2]), "real features have 3 dimensions and the generated ones 2"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            check_pair(*pair, least=2)
    assert check_pair(ROWS[:2], ROWS[:2], least=2)[1].shape == (2, 3)


def test_a_tensor_on_any_path_means_its_values():
    values = torch.arange(6.0).reshape(2, 3)
    for tensor in (values, values.bfloat16(), values.clone().requires_grad_(), values.half()):
        assert plain_array(tensor, "it").tolist() == values.tolist()
    assert plain_array(values.double() + 1e-12, "it").dtype == np.float64
    with pytest.raises(InputError, match=r"it are a tensor without a numpy form \(.*\); expected a dense one"):
        plain_array(torch.zeros(2, device="meta"), "it")
    with pytest.raises(InputError, match="it are a SimpleNamespace; expected a numpy array"):
        plain_array(SimpleNamespace(detach=1), "it")
    with pytest.raises(InputError, match="it are a SimpleNamespace; expected a numpy array"):
        plain_array(SimpleNamespace(cpu=1), "it")


@pytest.mark.parametrize(("rows", "sizes"), [(5, [5, 5, 2]), (6, [6, 6]), (12, [12]), (99, [12])])
def test_rows_come_in_blocks_of_so_many(rows, sizes):
    blocks = list(row_blocks(ROWS, rows))
    assert [len(block) for block in blocks] == sizes
    assert np.array_equal(np.concatenate(blocks), ROWS)


# ----- signs of dependence


@pytest.mark.parametrize(("matched", "found"), [(16, False), (17, True)])
def test_partners_are_seen_beyond_a_quarter_and_six_more(matched, found):
    assert Links(40, matched, 0, 0).in_order is found
    assert Links(40, 0, matched, 0).copies is found
    assert not Links(40, 0, matched, 0).in_order
    assert not Links(40, matched, 0, 0).copies


@pytest.mark.parametrize(("within", "found"), [(0, True), (4, True), (5, False), (9, False)])
def test_copies_lie_across_the_sets_more_than_four_times_as_often_as_within(within, found):
    assert Links(40, 0, 20, within).copies is found


def test_each_sign_is_counted_by_hand():
    x = np.array([[0.0], [10.0], [20.0], [40.0], [40.2]])
    y = np.array([[0.1], [10.1], [25.5], [60.0], [70.0]])
    found = links(x, y, np.array([0, 0, 2, -1, -1]))
    # 0 and 10 have a near copy, 20 and 25.5 are each other's nearest but not near, 40 and 40.2 are near duplicates
    assert (found.looked_at, found.matched, found.isolated, found.within) == (5, 2, 2, 2)


@pytest.mark.parametrize(("apart", "isolated"), [(0.9, 1), (1.1, 0)])
def test_a_copy_lies_less_than_half_as_far_as_the_nearest_of_either_set(apart, isolated):
    for own, other in ((2.0, 50.0), (50.0, 2.0)):
        x, y = np.array([[0.0], [-own]]), np.array([[apart], [apart + other]])
        assert links(x, y, np.array([-1, -1])).isolated == isolated


# ----- FID and its estimates


@pytest.mark.parametrize(
    ("size", "dims", "splits"),
    [(64, 99, 16), (65, 99, 8), (512, 999, 8), (513, 999, 4), (1024, 2048, 4), (1025, 2048, 2), (2000, 64, 16)],
)
def test_fewer_splits_are_drawn_where_each_costs_more(size, dims, splits):
    assert splits_of(size, dims) == splits


def test_halves_with_more_images_than_features_are_statistics_and_others_centred_rows():
    rows = np.random.default_rng(1).normal(size=(12, 4))
    kinds = {size: {type(half) for half in _halves(Side(rows), np.arange(2 * size))} for size in (4, 5, 6)}
    assert kinds == {4: {np.ndarray}, 5: {GaussianStats}, 6: {GaussianStats}}
    one, other = _halves(Side(rows), np.arange(11, -1, -1))
    np.testing.assert_allclose(one.mean, rows[6:].mean(axis=0))
    np.testing.assert_allclose(other.mean, rows[:6].mean(axis=0))
    np.testing.assert_allclose(other.cov, np.cov(rows[:6], rowvar=False), atol=1e-14)


@pytest.mark.parametrize("spare", [1.0, 1e-4, 1e-9, 0.0])
def test_an_influence_is_that_by_eigenvectors_also_where_a_direction_has_next_to_no_variance(monkeypatch, spare):
    draw = np.random.default_rng(4)
    real, generated = draw.normal(size=(60, 5)), draw.normal(size=(40, 5)) * 1.5 + 0.2
    for rows in (real, generated):
        rows[:, 4] = rows[:, 0] + spare * rows[:, 4]
    found = np.concatenate(influence(real, generated))
    monkeypatch.setattr(GaussianStats, "lower", None)
    np.testing.assert_allclose(found, np.concatenate(influence(real, generated)), atol=1e-6)


@pytest.mark.parametrize("shape", [(12, 3), (12, 40)])
def test_estimates_of_fid_depend_on_their_seed_and_on_nothing_else(shape):
    draw = np.random.default_rng(3)
    real, generated = draw.normal(size=shape), draw.normal(size=shape) + 0.3
    for estimate in (split_half, jackknife, infinity):
        values = [estimate(real, generated, seed=seed) for seed in (0, 0, 1)]
        assert values[0] == values[1] != values[2]
        moved = estimate(real[::-1], np.roll(generated, 5, axis=0), seed=0)
        first, other = (found if isinstance(found, float) else found.value for found in (values[0], moved))
        assert first == pytest.approx(other)


@pytest.mark.parametrize(
    ("n", "m", "d"), [(4, 9, 3), (9, 4, 3), (4, 4, 4), (5, 5, 4), (5, 4, 4), (3, 2, 4), (40, 30, 4)]
)
def test_every_way_to_the_distance_gives_the_same(n, m, d):
    draw = np.random.default_rng(n)
    real, generated = draw.normal(size=(n, d)), draw.normal(size=(m, d)) * 2 + 1
    a, b = np.cov(real.T), np.cov(generated.T)
    left = np.linalg.svd(_root(a) @ _root(b), compute_uv=False).sum()
    step = ((real.mean(0) - generated.mean(0)) ** 2).sum()
    found = fid_of(real, generated)
    assert found.fid == pytest.approx(step + np.trace(a) + np.trace(b) - 2 * left, rel=1e-6)
    assert found.mean_term == pytest.approx(step)
    assert found.covariance_term == pytest.approx(found.fid - step)
    for moves, count in zip(influence(real, generated), (n, m), strict=True):
        assert moves.shape == (count,)
        assert moves.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("n", "m", "made"), [(5, 5, 0), (40, 90, 0), (90, 40, 0), (41, 41, 2)])
def test_a_matrix_of_all_dimensions_is_made_where_both_sets_are_larger_only(n, m, made, monkeypatch):
    draw, calls = np.random.default_rng(0), []
    kept = GaussianStats.of_blocks
    monkeypatch.setattr(GaussianStats, "of_blocks", lambda parts: calls.append(1) or kept(parts))
    fid_of(draw.normal(size=(n, 40)), draw.normal(size=(m, 40)))
    assert len(calls) == made + (1 if max(n, m) == 90 else 0)  # the larger set has a root of so many rows


def _root(cov):
    values, vectors = np.linalg.eigh(cov)
    return vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T


def test_a_covariance_is_refused_for_each_reason_alone():
    mean, cov = np.zeros(3), np.eye(3)
    for one, other in (
        (mean[:, None], cov), (mean, cov[:2]), (mean, cov[:, :2]), (mean[:2], cov), (mean[:0], cov[:0, :0]),
        (np.zeros((1, 1)), np.eye(1)),
    ):  # fmt: skip
        with pytest.raises(InputError, match=r"it: mu is \(.*\) and sigma \(.*\); expected \(d,\) and \(d, d\)"):
            check_covariance(one, other, "it")
    for values in (mean + 1e20, mean - 1e20):
        check_covariance(values, cov * 1e40, "it")
        with pytest.raises(InputError, match=r"mu holds 1\.1e\+20; no features have more than 1e\+20"):
            check_covariance(values * 1.1, cov, "it")
    with pytest.raises(InputError, match=r"sigma holds 1\.1e\+40; no features have more than 1e\+40"):
        check_covariance(mean, cov * 1.1e40, "it")
    uneven = cov.astype(np.float32)
    uneven[0, 1] = 1e-4
    assert check_covariance(mean.astype(np.float32), uneven, "it")[1][1, 0] == pytest.approx(5e-5)
    with pytest.raises(InputError, match=r"differs from its transpose by up to 0\.0001"):
        check_covariance(mean, uneven.astype(np.float64), "it")


def test_statistics_are_merged_and_taken_apart_to_two_rows():
    whole, two = GaussianStats.of(ROWS), GaussianStats.of(ROWS[:2])
    rest = whole.without(GaussianStats.of(ROWS[2:]))
    assert rest.count == 2
    np.testing.assert_allclose(rest.cov, two.cov, atol=1e-12)
    with pytest.raises(InputError, match="12 rows without 11 leave 1; statistics need 2"):
        whole.without(GaussianStats.of(ROWS[1:]))
    with pytest.raises(InputError, match="at least 2 images, got 1"):
        GaussianStats.of_blocks([ROWS[:0], ROWS[:1]])
    assert GaussianStats.of_blocks([ROWS[:1], ROWS[:0], ROWS[1:2]]).count == 2
    with pytest.raises(InputError, match="statistics of 3 and 2 features cannot be merged"):
        whole.merge(GaussianStats.of(ROWS[:, :2]))


def test_directions_without_variance_stand_in_no_root():
    root, inverse = eigen_root(np.diag([4.0, 0.0, 1.0]))
    assert root.shape == (2, 3)
    np.testing.assert_allclose(root @ inverse, np.eye(2), atol=1e-12)
    assert eigen_root(np.zeros((2, 2)))[0].shape == (0, 2)
    assert nuclear_norm(np.zeros((0, 3))) == 0.0
    few = GaussianStats(np.zeros(3), np.diag([4.0, 1.0, 0.0]), 3)
    assert overlap(few, GaussianStats.of(ROWS)) == pytest.approx(overlap(GaussianStats.of(ROWS), few))


# ----- the other metrics


def test_a_warning_comes_where_a_subset_is_larger_than_the_smaller_set_and_a_note_below_0():
    for n, m, size, left_out in ((10, 9, 9, False), (10, 9, 10, True), (9, 10, 10, True), (999, 2000, None, True)):
        found = kid.subset_warning(n, m, *([size] if size else []))
        assert (found is not None) is left_out
        assert not left_out or f"give --kid-subset-size {min(n, m)} or less" in found
    assert kid.negative_note(0.0) is kid.negative_note(1e-9) is None
    assert "KID is -0.0123, below 0" in kid.negative_note(-0.01234)


def test_subsets_of_kid_are_there_where_they_can_be_drawn():
    found = kid.compute(ROWS, ROWS[:9] + 1, subsets=3, subset_size=9)
    assert set(kid.compute(ROWS, ROWS[:9] + 1, subsets=3, subset_size=10)) == set(found) - {
        "kid_subsets_mean", "kid_subsets_sd",
    }  # fmt: skip


def test_as_many_splits_as_images_are_the_most():
    assert inception_score.compute(ROWS, splits=12)["inception_score"] == pytest.approx(1)
    with pytest.raises(InputError, match="splits of 12 images is 13; expected from 1 to 12"):
        inception_score.compute(ROWS, splits=13)
    scores = [inception_score.compute(ROWS, splits=3, shuffle=on, seed=seed) for on, seed in
              ((True, 0), (True, 1), (False, 0), (False, 1))]  # fmt: skip
    assert len({score["inception_score"] for score in scores}) == 3
    assert {round(score["inception_score_sd"], 12) for score in scores if scores} != {0.0}


def test_equal_features_are_noted_where_more_than_k_are_equal():
    rows = np.concatenate([np.repeat(ROWS[:1], 4, axis=0), np.repeat(ROWS[1:2], 3, axis=0), ROWS[2:]])
    assert prdc.about_equal("a", rows, 4) == ""
    assert prdc.about_equal("a", rows, 3).startswith("4 of 17 images of a have the features of 3 others or more")
    assert prdc.about_equal("a", rows, 2).startswith("7 of 17 images")


@pytest.mark.parametrize(
    ("shape", "dtype", "said"),
    [
        ((3, 2, 4), np.uint8, "expected an array [images, channels, height, width]"),
        ((3, 0, 4, 4), np.uint8, "expected an array [images"), ((3, 1, 4, 4), np.int64, "expected uint8 in [0, 255]"),
        ((1, 1, 4, 4), np.uint8, "1 pair(s) of images; expected at least 2"),
    ],
)  # fmt: skip
def test_pairs_of_images_are_refused_for_each_reason_alone(shape, dtype, said):
    with pytest.raises(InputError) as error:
        mse.per_image(np.zeros(shape, dtype), np.zeros(shape, dtype))
    assert said in str(error.value)


def test_pictures_of_two_and_of_0_to_1_are_taken_and_a_hair_beyond_is_not():
    black, white = np.zeros((2, 1, 12, 12)), np.ones((2, 1, 12, 12), np.float32)
    assert mse.compute(black, white)["mse"] == 1.0
    for odd in (black - 1e-3, white + np.float32(1e-3)):
        with pytest.raises(InputError, match=r"expected \[0, 1\]"):
            mse.compute(black, odd)
    assert mse.psnr_per_image(np.array([0.0, 1e-11, 1e-10, 0.1, 1.0])) == pytest.approx([100, 100, 100, 10, 0])


def test_no_near_duplicate_is_expected_of_held_out_images_that_are_all_copies():
    found = near_duplicates(np.array([[0.0, 1.0], [0.5, 1.0]]), np.arange(2), np.zeros((3, 2)))
    assert (found.share, found.expected, found.p) == (0.0, 1 / 4, 1.0)


def test_a_train_share_without_spread_has_z_of_0():
    same = np.ones((5, 2))
    found = memorisation.compute(same, same, same)
    assert (found["train_share"], found["train_share_expected"], found["train_share_z"]) == (0.5, 0.5, 0.0)


def test_indices_and_duplicates_are_counted():
    sets, report = splits.disjoint(["b", "a", "b", "c", "a", "b"], [1, 1], 0)
    assert sorted(index for one in sets for index in one)[0] in (0, 1, 3)
    assert (report.images, report.distinct, report.duplicates, report.unused, report.dropped) == (
        6, 3, ((0, 2, 5), (1, 4)), 1, 3,
    )  # fmt: skip
    assert splits.disjoint(["a", "b"], [2], 0)[1].unused == 0
    with pytest.raises(
        InputError, match=r"sets of 2 \+ 1 = 3 images cannot be drawn from 2 .* \(3 with 1 byte-identical"
    ):
        splits.disjoint(["a", "b", "a"], [2, 1], 0)


def test_a_thumbnail_is_of_grey_images_only_where_all_three_channels_agree():
    grey = np.random.default_rng(0).integers(0, 256, (3, 1, 9, 9), np.uint8)
    rgb = grey.repeat(3, axis=1)
    known = levelled(thumbnails(rgb))
    for channel in range(3):
        odd = rgb.copy()
        odd[0, channel] //= 2
        found, wide = (two_nearest(images, known)[1] for images in (odd, rgb))
        assert found[0, 0] > 0
        assert wide[:, 0].tolist() == [0, 0, 0]
        ratio = two_nearest(odd, known)[1][1, 1] / wide[1, 1]
        assert ratio == pytest.approx(3, rel=1e-5)  # three channels count where one image has colours
    alone = levelled(thumbnails(grey))
    assert two_nearest(rgb, known)[1] == pytest.approx(two_nearest(grey, alone)[1], rel=1e-5)  # rounded to float32


def test_a_shifted_image_repeats_its_border():
    image = np.arange(9, dtype=np.uint8).reshape(1, 1, 3, 3)
    assert shifted(image, 1, 0)[0, 0].tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    assert shifted(image, 0, -1)[0, 0].tolist() == [[1, 2, 2], [4, 5, 5], [7, 8, 8]]


@pytest.mark.parametrize(("family", "inception"), [("fid-inception", True), ("digits", False)])
def test_the_network_of_published_fids_is_known_by_its_family(family, inception):
    found = Extractor("n", "t", "s", family, {"pool": 3}, "pool", ("clean",), lambda *given: None)
    assert found.is_inception is inception
    assert (found.logits, found.classes, found.weights, found.shipped, found.version) == ("", 0, (), "", 1)
