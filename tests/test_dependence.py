"""Sets that are not independent: no corrected value and no interval where that is known, a warning where it may be."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from run_records import protocol, record
from submitted import good

import bench
from bench.leaderboard.compare import compare, comparison_tables
from bench.leaderboard.contestants import Side
from bench.measuring.declared import declared
from bench.measuring.dependence import WITHOUT, Member, about_dependence, partners, without_estimates
from bench.measuring.flags import flags_of
from bench.measuring.scoring import Options, load_metrics, notes_beside
from bench.submissions.verifying import _left_out
from bench.tables.comparison import comparison_tables as run_comparisons
from bench.tables.run_tables import run_tables
from metrics import fid
from metrics.arithmetic.dependence import links
from metrics.types import Sample

PLAIN = {"extractor": "pixels", "cache": False}
SPECTRUM = np.arange(1, 65) ** -0.5
FID, KID = load_metrics(("fid", "kid"))


def beside(metric, values):
    """What is said beside a result of two sets of 40 images with 8 features."""
    return notes_beside(metric, values, [Sample("a", 40, 8), Sample("b", 40, 8)], Options())


def drawn(seed, count=100, dims=64):
    return np.random.default_rng(seed).normal(size=(count, dims)) * SPECTRUM[:dims]


def correlated(rho, count=100):
    first = drawn(0, count)
    return first, rho * first + np.sqrt(1 - rho**2) * drawn(1, count)


def member(features, keys=(), hashes=(), name="a"):
    return Member(name, keys, hashes, features)


def test_what_is_said_of_two_sets_is_the_same_in_both_orders_whatever_their_sizes_and_names():
    rows = drawn(0, 120)
    for first, second in (("a", "b"), ("b", "a")):
        small, large = member(rows[:80] + 1e-9, name=first), member(rows, name=second)
        assert about_dependence(small, large) == about_dependence(large, small)
        assert about_dependence(small, large)[0]


# ----- signs in features


def test_independent_sets_show_no_sign():
    found = links(drawn(0), drawn(1), np.arange(100))
    assert not found.in_order and not found.copies


@pytest.mark.parametrize("rho", [0.6, 0.9])
def test_pairs_in_one_order_are_seen(rho):
    first, second = correlated(rho)
    assert links(first, second, np.arange(100)).in_order
    assert not links(first, second, np.roll(np.arange(100), 1)).in_order


def test_copies_are_seen_in_any_order_and_among_others():
    first, second = correlated(0.95)
    order = np.random.default_rng(3).permutation(100)
    found = links(first, np.concatenate([drawn(5, 300), second[order]]), np.full(100, -1))
    assert found.copies and not found.in_order


@pytest.mark.parametrize("order", ["sorted", "in turn"])
def test_folders_in_the_order_of_their_classes_are_independent(order):
    labels = np.sort(np.arange(120) % 12) if order == "sorted" else np.arange(120) % 12
    means = 3 * drawn(7, 12)
    found = links(means[labels] + drawn(8, 120), means[labels] + drawn(9, 120), np.arange(120))
    assert not found.in_order and not found.copies


def test_a_data_set_that_repeats_itself_is_no_copy():
    near_ones = np.repeat(drawn(2, 50), 4, axis=0) + 0.01 * drawn(3, 200)  # by fours, dealt out at random
    order = np.random.default_rng(4).permutation(200)
    assert not links(near_ones[order[:100]], near_ones[order[100:]], np.arange(100)).copies


def test_images_that_are_all_equal_are_no_sign():
    same = np.ones((50, 8))
    assert links(same, same + 1, np.arange(50)).isolated == 0


def test_only_some_images_of_large_sets_are_looked_at():
    first, second = correlated(0.9, 1200)
    found = links(first, second, np.arange(1200))
    assert found.looked_at == 500 and found.in_order


# ----- partners


def test_partners_have_one_name_whatever_the_suffix_and_else_one_place():
    first, second = drawn(0, 3), drawn(1, 3)
    named = partners(member(first, ("a/1.png", "a/2.png", "x.png")), member(second, ("a/2.jpg", "a/1.jpg", "y.jpg")))
    assert named.tolist() == [1, 0, -1]
    assert partners(member(first, ("a", "b", "c")), member(second, ("x", "y", "z"))).tolist() == [0, 1, 2]
    assert partners(member(first), member(second)).tolist() == [0, 1, 2]
    assert partners(member(first, ("a", "b", "c")), member(drawn(1, 4), tuple("wxyz"))).tolist() == [-1] * 3


# ----- what is said, and what is left out


def test_few_images_in_common_are_a_warning_and_more_leave_nothing_but_the_plain_value():
    hashes = [str(row) for row in range(200)]
    for shared, known in ((0, False), (2, False), (3, True)):
        other = hashes[:shared] + [f"b{row}" for row in range(200 - shared)]
        dependent, said = about_dependence(
            member(drawn(0, 200), hashes=hashes), member(drawn(1, 200), hashes=other, name="b")
        )
        assert (dependent, WITHOUT in said) == (known, known)
        assert any(f"{shared} of 200 images of b are also in a" in line for line in said) == bool(shared)


@pytest.mark.parametrize("metric", [FID, KID], ids=lambda one: one.name)
def test_all_that_takes_the_sets_for_independent_is_left_out(metric):
    options = {"all_estimates": True} if metric is FID else {"subset_size": 20}
    values = metric.compute(drawn(0, 40), drawn(1, 40), **options)
    assert set(metric.estimates) <= set(values)
    left = without_estimates(metric, values)
    assert {key for key, value in left.items() if value is None} == set(metric.estimates)


@pytest.mark.parametrize("metric", [FID, KID], ids=lambda one: one.name)
def test_an_interval_that_lies_below_0_is_said_to_be_suspect_and_no_other(metric):
    values = metric.compute(drawn(0, 40), drawn(1, 40))
    key = f"{metric.name}_high"
    below = beside(metric, {**values, metric.name: -9.0, key: -7.4})
    assert any("is below 0 (it ends at -7.4)" in line for line in below)
    assert not any("no difference found" in line for line in below)
    for high in (0.1, None):
        assert not any("is below 0" in line for line in beside(metric, {**values, key: high}))


# ----- images


@pytest.fixture(scope="module")
def photographs():
    """Smooth random images uint8 [48, 3, 32, 32], and as many others."""
    coarse = np.random.default_rng(0).integers(0, 256, (96, 6, 6, 3), np.uint8)
    large = [np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC)) for one in coarse]
    return np.stack(large[:48]), np.stack(large[48:])


def write(folder, images, name="{}.png", **how):
    folder.mkdir()
    for row, image in enumerate(images):
        Image.fromarray(image).save(folder / name.format(row), **how)
    return folder


@pytest.mark.parametrize("name", ["{}.jpg", "other-{}.jpg"])
def test_jpegs_of_the_same_images_in_one_order_are_measured_as_pairs(tmp_path, photographs, name):
    a, b = write(tmp_path / "a", photographs[0]), write(tmp_path / "b", photographs[0], name, quality=60)
    found = bench.score(a, b, metrics=("fid", "kid"), **PLAIN)
    assert (found.fid_pairs, found.kid_pairs) == (48, 48)
    assert found.fid_low < found.fid_corrected < found.fid_high < found.fid
    assert found.kid_low < found.kid < found.kid_high
    (of_fid,) = [line for line in found.warnings if line.startswith("fid: the sets are not independent, but 48 pairs")]
    assert "FID, corrected and the interval are those of pairs" in of_fid
    assert not any(WITHOUT in line for line in found.warnings)


def test_jpegs_of_the_same_images_in_any_order_have_the_plain_fid_only(tmp_path, photographs):
    a = write(tmp_path / "a", photographs[0])
    b = write(tmp_path / "b", np.roll(photographs[0], 7, axis=0), "other-{}.jpg", quality=60)
    found = bench.score(a, b, metrics=("fid", "kid"), **PLAIN)
    assert found.fid > 0
    assert [found[key] for key in ("fid_corrected", "fid_sd", "fid_low", "fid_high")] == [None] * 4
    assert [found[key] for key in ("kid_sd", "kid_low", "kid_high")] == [None] * 3
    assert sum(WITHOUT in line for line in found.warnings) == 1
    shown = good("fid", a, b, "--extractor", "pixels")  # exit code 0
    assert "have a copy or near copy in" in shown.output


def test_independent_images_of_the_same_names_have_everything(tmp_path, photographs):
    a, b = (write(tmp_path / name, images) for name, images in zip("ab", photographs, strict=True))
    found = bench.fid(a, b, **PLAIN)
    assert found.fid_low < found.fid_corrected < found.fid_high
    assert not any("independent" in line for line in found.warnings)


def test_a_set_against_itself_has_no_corrected_value(photographs):
    found = bench.fid(photographs[0], photographs[0], all_estimates=True, **PLAIN)
    assert (found.fid_corrected, found.fid_infinity) == (None, None)


def test_an_accumulator_of_the_same_images_has_no_corrected_value(photographs):
    a = bench.Accumulator(extractor="pixels", keep_features=True)
    a.update(photographs[0].transpose(0, 3, 1, 2))
    assert a.compute(photographs[0], all_estimates=True).fid_corrected is None
    assert a.compute(photographs[1]).fid_corrected is not None


# ----- records, boards


def without(made):
    """The record with no estimates of its generated set."""
    pairs = [
        replace(one, scores={name: without_estimates(declared(name), v) for name, v in one.scores.items()})
        if one.b == "generated"
        else one
        for one in made.pairs
    ]
    return replace(made, pairs=tuple(pairs), warnings=(f"7 images: {WITHOUT}", "something else"))


def test_tables_show_a_dash_and_the_reason_and_sort_it_last():
    good_one, other = record(model="vae", fid=9.0), without(record(model="dcgan"))
    table = run_tables(other)[0]
    row = next(row for row in table.rows if row[0].value == "real 1 vs generated")
    assert row[1].value is not None and row[2].value is None
    assert f"7 images: {WITHOUT}" in table.notes and "something else" not in table.notes
    (both,) = run_comparisons([other, good_one])
    assert [row[0].value for row in both.rows] == ["real 2", "vae, seed 0", "dcgan, seed 0", "noise"]


def test_a_comparison_says_whose_estimates_are_missing():
    scores = {"fid": {"fid": 5.4, "fid_corrected": 5.0, "fid_sd": 0.2, "fid_low": 4.5, "fid_high": 5.5}}
    dependent = {"fid": without_estimates(FID, scores["fid"])}
    a, b = (Side(name, protocol(), None, {"": one}) for name, one in (("one", scores), ("other", dependent)))
    (table,) = comparison_tables(compare(a, b))
    assert any(note.startswith("other: the images are not independent of real 1") for note in table.notes)
    (table,) = comparison_tables(compare(a, a))
    assert not any("independent of real 1" in note for note in table.notes)


def test_an_entry_without_a_corrected_fid_is_not_ranked_and_possible():
    assert flags_of({"fid": {"fid": 3.0, "fid_corrected": 1.0}}) == ()
    assert "not independent of real 1" in flags_of({"fid": {"fid": 3.0, "fid_corrected": None}})[0]
    assert _left_out("fid", {"fid", "mean_term"}) == set(FID.estimates)
    assert _left_out("fid", {"fid", "fid_sd"}) == set()  # all of them or none


@pytest.mark.parametrize("count", [40, 200])
@pytest.mark.parametrize("made", [lambda x: x, lambda x: x[::-1], lambda x: x + 0.5], ids=["same", "reversed", "moved"])
def test_fid_warns_where_its_corrected_value_cannot_be_of_independent_sets(count, made):
    features = np.random.RandomState(0).normal(size=(count, 32)) * 3
    with pytest.warns(UserWarning, match="but no distance is below 0: one set was made"):
        assert fid.compute(features, made(features))["fid_high"] < 0


def test_fid_of_independent_sets_says_nothing():
    for seed in range(20):
        fid.compute(*np.random.RandomState(seed).normal(size=(2, 20, 8)))
