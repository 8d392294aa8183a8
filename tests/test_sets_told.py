"""Sets beside each other: what belongs together, what is said of it, what an accumulator adds up; each at its bound."""

import copy
from dataclasses import replace

import numpy as np
import pytest

import bench
from bench import registry
from bench.leaderboard.moments import Moments, distance, moments_of
from bench.measuring import placing
from bench.measuring.copies import LEAST, _stacks, copies
from bench.measuring.dependence import (
    SHARED,
    WITHOUT,
    Member,
    _in_words,
    _share,
    about_dependence,
    about_shared,
    partners,
)
from bench.measuring.given import Ready, common_question
from bench.measuring.influential import most_influential
from bench.measuring.measure import Measure, about_extractor
from bench.measuring.scoring import Options, score_pair
from bench.measuring.sets import MeasuredSet
from bench.sources import open_source
from bench.weights import Weights
from metrics.arithmetic.dependence import Links
from metrics.errors import InputError
from metrics.fid import METRIC as FID
from metrics.fid import GaussianStats


def rows(seed, count=20, dims=4):
    return np.random.default_rng(seed).normal(size=(count, dims))


# ----- dependence


@pytest.mark.parametrize(
    ("a", "b", "share"), [("abcd", "ab", 1.0), ("ab", "abcd", 1.0), ("abcd", "dxyz", 0.25), ("aaaa", "ab", 1.0)]
)
def test_the_larger_share_of_two_sets_counts(a, b, share):
    assert _share(a, b) == share


def test_images_in_common_are_those_of_the_second_set():
    assert about_shared("x", "ab", "y", "cd") == []
    assert about_shared("x", "ab", "y", "aac") == [
        "2 of 3 images of y are also in x: the sets are not independent, so the distance comes out too small; "
        "remove them from one of the two"
    ]


def test_one_in_a_hundred_in_common_is_a_warning_and_no_more():
    assert SHARED == 0.01
    for shared, known in ((1, False), (2, True)):
        names = [f"a{row}" for row in range(100)]
        members = [
            Member("x", (), names, rows(0, 100)),
            Member("y", (), names[:shared] + ["b"] * (100 - shared), rows(1, 100)),
        ]
        dependent, said = about_dependence(*members)
        assert (dependent, said[1:]) == (known, [WITHOUT] if known else [])


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (("a.png", "x", "y", "b.png"), ("b.jpg", "a.jpg", "u", "v"), [1, -1, -1, 0]),  # half of them
        (("a.png", "x", "y"), ("b.jpg", "a.jpg", "u"), [0, 1, 2]),  # less than half
        (("a.png", "x", "y"), ("b.jpg", "a.jpg"), [-1, -1, -1]),
        (("one/a.png", "one/b.png"), ("two/a.png", "two/b.png", "c"), [-1, -1]),
    ],
)
def test_the_partners_of_images(mine, theirs, expected):
    members = [Member("x", keys, (), np.zeros((len(keys), 2))) for keys in (mine, theirs)]
    assert partners(*members).tolist() == expected


# ----- saved statistics


def saved(name, **provenance):
    return Ready(MeasuredSet(name), "the statistics file", provenance or None)


def test_two_files_of_statistics_say_together_what_made_them():
    found = common_question([saved("a", extractor="x", resize="clean"), saved("b", extractor="x", weights_sha256="ab")])
    assert (found["extractor"], found["resize"], found["extractor_sha256"], found["tap"]) == ("x", "clean", "ab", None)
    assert "weights_sha256" not in found
    assert set(common_question([saved("a"), saved("b")]).values()) == {None}
    with pytest.raises(InputError, match=r"a and b cannot be compared: resize 'clean' and 'tf1'\. Make one"):
        common_question([saved("a", extractor="x", resize="clean"), saved("b", extractor="x", resize="tf1")])


def side(name, seed, *, features=True, count=20, **changes):
    values = rows(seed)
    arrays = {"pool": values} if features else {}
    made = MeasuredSet(name, count=count, arrays=arrays, statistics={"pool": lambda: GaussianStats.of(values)})
    return replace(made, **changes)


def fid(a, b, **options):
    return score_pair(a, b, FID, Options(**options))


def test_a_side_without_features_is_named_once_and_has_the_plain_value_only():
    with_all = fid(side("x", 0), side("y", 1))
    assert with_all.values["fid_corrected"] is not None
    assert not any("statistics but no features" in line for line in with_all.warnings)
    for a, b, names in (
        (side("x", 0, features=False), side("y", 1), "x"),
        (side("x", 0), side("y", 1, features=False), "y"),
        (side("x", 0, features=False), side("y", 1, features=False), "x and y"),
        (side("x", 0, features=False), side("x", 1, features=False), "x"),
    ):
        found = fid(a, b)
        assert found.values["fid"] == pytest.approx(with_all.values["fid"], rel=1e-9)
        assert [found.values[key] for key in ("fid_corrected", "fid_sd", "fid_low", "fid_high")] == [None] * 4
        assert f"{names}: statistics but no features, so there is no corrected FID and no interval" in found.warnings
        with pytest.raises(InputError, match="all estimates need the features of both sets"):
            fid(a, b, all_estimates=True)


@pytest.mark.parametrize(("counts", "said"), [((20, 9), True), ((None, 9), False), ((20, None), False)])
def test_counts_are_compared_where_both_are_known(counts, said):
    a, b = (
        side(name, row, features=False, count=count) for row, (name, count) in enumerate(zip("xy", counts, strict=True))
    )
    warnings = fid(a, replace(b, warnings=("a word",))).warnings
    assert any("20 against 9" in line for line in warnings) is said
    assert warnings[0] == "a word"


def test_the_images_that_move_a_fid_most_are_named_with_their_set():
    a, b = (side(name, row, keys=tuple(f"{name}{place}" for place in range(20))) for row, name in enumerate("xy"))
    found = most_influential(a, b, 40)
    sizes = [abs(one["influence"]) for one in found]
    assert sizes == sorted(sizes, reverse=True) and len(found) == 40
    assert {(one["set"], one["image"][0]) for one in found} == {("a", "x"), ("b", "y")}
    assert most_influential(a, b, 3) == found[:3]


# ----- what is said of an extractor and its weights


def test_only_the_pool_features_of_published_inception_weights_need_no_word():
    inception, pixels = (registry.load("extractors", name) for name in ("inception", "pixels"))
    assert about_extractor(inception) == ()
    (tap,) = about_extractor(replace(inception, pool="64"))
    assert tap.startswith("features of tap '64', not the ones of papers")
    (other,) = about_extractor(replace(pixels, pool="pool"))
    assert other.startswith("made with extractor 'pixels', not with Inception")
    known, strange = (Weights("w.pth", "a" * 64, official) for official in (True, False))
    assert Measure(inception, known, "clean").warnings == ()
    (weights,) = Measure(inception, strange, "clean").warnings
    assert weights.startswith("weights w.pth are not the published ones of inception (sha256 aaaaaaaaaaaa): ")


def test_a_device_that_is_not_there_is_refused_and_auto_takes_what_there_is(monkeypatch):
    monkeypatch.setattr(placing, "_nvidia_driver", lambda: False)
    assert [placing.placed(asked) for asked in ("cpu", "auto")] == ["cpu", "cpu"]
    with pytest.raises(InputError, match="no device 'gpu'; there are: auto, cpu, cuda"):
        placing.placed("gpu")
    for available, found in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr("torch.cuda.is_available", lambda answer=available: answer)
        monkeypatch.setattr(placing, "_nvidia_driver", lambda: True)
        assert (placing.placed("auto"), placing.placed("cpu")) == (found, "cpu")
    with pytest.raises(InputError, match="no CUDA device here"):
        placing.placed("cuda")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"tap": "x"}, "has no tap 'x'; there are: pool"),
        ({"logits": "pool"}, "has no logits 'pool'; there are: none"),
        ({"resize": "x"}, "has no resize 'x'; it has "),
    ],
)
def test_what_an_extractor_does_not_have(asked, said):
    with pytest.raises(InputError, match=said):
        bench.measuring.measure.measure("pixels", device="cpu", **asked)


# ----- copies


@pytest.mark.parametrize("place", range(3))
def test_copies_need_four_images_of_each_set(place):
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), np.uint8)
    counts = [10, 10, 10]
    for count in (LEAST, LEAST - 1):
        counts[place] = count
        sets = [open_source(images[10 * row : 10 * row + n].transpose(0, 2, 3, 1)) for row, n in enumerate(counts)]
        if count == LEAST:
            assert copies(*sets)["exact_copies"] == 0
        else:
            with pytest.raises(InputError, match="holds 3 images; expected at least 4; give more"):
                copies(*sets)


@pytest.mark.parametrize(
    ("sizes", "lengths"), [("", []), ("2", [1]), ("22", [2]), ("2232", [2, 1, 1]), ("23", [1, 1]), ("233", [1, 2])]
)
def test_neighbours_of_one_size_are_looked_at_together(sizes, lengths):
    batch = [np.full((3, int(size), 2), row, np.uint8) for row, size in enumerate(sizes)]
    found = list(_stacks(batch))
    assert [len(part) for part in found] == lengths
    assert [int(image[0, 0, 0]) for part in found for image in part] == list(range(len(sizes)))


# ----- moments


@pytest.mark.parametrize(
    ("count", "dims", "kind"),
    [(4, 4, "features"), (5, 4, "covariance"), (128, 2048, "features"), (129, 2048, "spectrum"),
     (513, 512, "covariance"), (514, 513, "spectrum")],
)  # fmt: skip
def test_what_is_stored_of_a_set_is_the_first_that_fits(count, dims, kind):
    features = np.random.default_rng(0).normal(size=(count, dims)).astype(np.float32)
    found = moments_of(features)
    assert (found.kind, found.count) == (kind, count)
    if dims == 4:
        assert found.trace == pytest.approx(features.astype(float).var(axis=0, ddof=1).sum())
        expected = np.linalg.eigvalsh(np.cov(features.astype(float), rowvar=False))[::-1]
        assert found.spectrum == pytest.approx(expected, abs=1e-12)
        assert found.flat.tolist() == [*found.mean, *found.values.reshape(-1)]


def test_the_scale_of_a_distance_is_all_that_it_is_made_of():
    a, b = (
        Moments(9, np.array([step, 0.0]), "spectrum", np.array(values))
        for step, values in ((3.0, [4.0, 1.0]), (1.0, [1.0, 1.0]))
    )
    found = distance(a, b)
    assert (found.mean_term, found.scale, found.low, found.high) == (4.0, 11.0, 1.0, pytest.approx(7 - 2 * 3))


# ----- the accumulator


def made(**settings):
    return bench.Accumulator(extractor="digits-cnn", **{"name": "mine", "batch_size": 3, "cache": False, **settings})


def images(count, seed=0, high=256):
    return np.random.default_rng(seed).integers(0, high, (count, 3, 8, 8), np.uint8)


def test_rows_wait_until_there_are_so_many(monkeypatch):
    monkeypatch.setattr("bench.accumulator.ROWS", 4)
    waiting, kept = made(), made(keep_features=True)
    for count, left in ((3, 3), (1, 0), (2, 2), (7, 0), (1, 1)):
        for one in (waiting, kept):
            one.update(images(count, count))
        assert sum(map(len, waiting._rows)) == left
    assert sum(map(len, kept._rows)) == kept.count == waiting.count == 14
    assert [len(part) for part in kept._rows[3:6]] == [3, 3, 1]  # at most a batch at a time
    assert waiting.compute(kept).fid == pytest.approx(0, abs=1e-4)


def test_a_batch_that_fails_is_not_added_in_part(monkeypatch):
    one = made()
    one.update(images(2))
    results = iter([np.zeros((3, 8), np.float32), np.full((1, 8), np.nan, np.float32)])
    monkeypatch.setattr(one, "_extract", lambda _: {one._tap: next(results)})
    with pytest.raises(InputError, match="digits-cnn gave features that are not finite; look at the weights"):
        one.update(images(4))
    assert (one.count, sum(map(len, one._rows))) == (2, 2)


@pytest.mark.parametrize(("mine", "theirs"), [(True, True), (False, True), (False, False)])
def test_merging_adds_whatever_the_other_one_keeps(mine, theirs):
    one, other, whole = made(keep_features=mine), made(keep_features=theirs), made(keep_features=True)
    for part, batch in ((one, images(5)), (other, images(6, 1)), (whole, images(5)), (whole, images(6, 1))):
        part.update(batch)
    assert one.merge(other) is one
    assert (one.count, other.count) == (11, 6)
    assert one.compute(whole).fid == pytest.approx(0, abs=1e-4)
    assert sum(map(len, one._rows)) == (11 if mine else 0)
    with pytest.raises(InputError, match="cannot be merged with itself"):
        one.merge(one)
    with pytest.raises(InputError, match="expected another accumulator"):
        one.merge("x")


def test_an_accumulator_of_dark_images_says_so_by_its_name_and_stops_when_others_come():
    dark, whole = made(), made(name="whole")
    dark.update(images(4, high=9))
    whole.update(images(4, 1))
    said = "mine: range: no value above 8 of 255"
    assert any(line.startswith(said) for line in dark.compute(whole).warnings)
    again = copy.copy(whole)
    assert again._rows is not whole._rows
    assert not any("range:" in line for line in whole.compute(again).warnings)
    dark.merge(made())
    assert any(line.startswith(said) for line in dark.compute(whole).warnings)
    dark.merge(whole)
    assert not any("range:" in line for line in dark.compute(whole).warnings)


def test_the_settings_of_an_accumulator_stand_beside_its_result():
    one, other = made(seed=3, keep_features=True), made(keep_features=True)
    one.update(images(4))
    other.update(images(4, 1))
    found = one.compute(other, all_estimates=True)
    assert (found.seed, found.limit, found.name_a, found.tap) == (3, None, "mine", "pool")
    assert "fid_infinity" in found and "fid_infinity" not in one.compute(other)


@pytest.mark.parametrize(
    ("matched", "isolated", "said"),
    [
        (0, 0, ""),
        (90, 0, "90 of 100 images of x that were looked at are nearest to the image of the same name or place in y"),
        (90, 80, "80 of 100 images of x that were looked at have a copy or near copy in y"),
    ],
)
def test_copies_are_told_before_the_order(matched, isolated, said):
    assert _in_words(Links(looked_at=100, matched=matched, isolated=isolated, within=0), "x", "y") == said
