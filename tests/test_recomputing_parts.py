"""Scores, images and models compared again, and generated values turned into bytes: at each limit and beyond."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from leaderboard_entries import entry

from bench.leaderboard.entries import Manifest, Origin, Remark
from bench.measuring.copies import METRIC as COPIES
from bench.measuring.declared import every_metric
from bench.measuring.findings import Finding
from bench.sources import open_source
from bench.submissions import _recomputing as recomputing
from bench.submissions._comparing import MEASURED, MOVES, STORED, TESTS, arrays_differ, scores_differ
from bench.submissions._generator_process import _channels_first, _to_bytes, _Told
from bench.submissions._manifest import changes
from bench.submissions._same_images import pixels_differ
from bench.submissions.generators import _reason

BASE = entry()
METRICS = (*every_metric(), COPIES)
KINDS = {
    "share": {
        *("precision", "recall", "density", "coverage", "train_share", "near_duplicates", "near_duplicates_expected"),
        *("near_copies", "near_copies_expected", "exact_copies", "exact_copies_expected", "held_out_copies"),
        *("near_duplicates_strict", "near_duplicates_strict_expected", "near_copies_strict"),
        *(
            "near_copies_strict_expected",
            "duplicates",
            "agreement",
            "agreement_classes",
            "agreement_low",
            "agreement_high",
            "agreement_worst",
        ),
    },
    "percent": {"authpct"},
    "z": {"c_t", "train_share_z"},
    "probability": {
        *("train_share_p", "held_out_p", "near_duplicates_p", "near_copies_p", "near_duplicates_strict_p"),
        "near_copies_strict_p",
    },
    "count": {"n_a", "n_b", "n_train", "n_generated", "n_held_out", "worst_class"},
}


def with_origin(**changes):
    base = {"kind": "checkpoint", "sha256": "a" * 64, "model": "dcgan", "settings": {}, "training_seed": 0,
            "training_steps": 5, "sampling_seed": BASE.rules.protocol.sampling_seed}  # fmt: skip
    return replace(BASE, origin=Origin(**base | changes), created_utc="2026-11-25T00:00:00Z", remarks=(), earlier=())


# ----- comparing


@pytest.mark.parametrize("allowed", [MEASURED, STORED])
def test_scores_may_be_off_by_their_tolerance_and_no_more(allowed):
    n = 40
    steps = {kind: part * allowed.images / n for kind, part in MOVES.items()}
    steps |= {kind: part * allowed.tests for kind, part in TESTS.items()}
    steps |= dict.fromkeys(("score", "count"), 10 * allowed.relative)
    for metric, one in ((whose, one) for whose in METRICS for one in whose.values):
        stored = {metric.name: {one.name: 10.0}}
        for share, number in ((0.99, 0), (1.01, 1), (-0.99, 0), (-1.01, 1)):
            again = {metric.name: {one.name: 10 + share * steps[one.kind]}}
            if metric.interval is None or one.name != metric.interval.se:
                found = [said for said in scores_differ(stored, again, n, allowed) if "flag" not in said.what]
                assert len(found) == number, (one.name, share)


def test_what_counts_images_is_declared_as_such():
    kinds = {kind: {one.name for metric in METRICS for one in metric.values if one.kind == kind} for kind in KINDS}
    assert kinds == KINDS


@pytest.mark.parametrize(
    ("metric", "sd"), [("fid", "fid_sd"), ("inception-score", "inception_score_se"), ("kid", "kid_sd")]
)
def test_a_hundredth_of_a_standard_deviation_is_no_difference(metric, sd):
    stored = {metric: {"value": 0.0, sd: 2.0}}
    assert not list(scores_differ(stored, {metric: {"value": 0.0199, sd: 2.0}}, 9))
    (found,) = scores_differ(stored, {metric: {"value": 0.0201, sd: 2.0}}, 9)
    assert found.what == f"{metric}: value is 0, the images give 0.0201 (within 0.02 expected)"


def test_a_score_that_one_side_does_not_have_is_another_one():
    stored = {"fid": {"fid": 1.0, "other": None}}
    assert not list(scores_differ(stored, {"fid": {"fid": 1.0, "other": None, "third": None}}, 9))
    assert [one.what for one in scores_differ(stored, {"fid": {"fid": None}, "kid": {"kid": 2.0}}, 9, STORED)] == [
        "fid: fid is 1.0, the stored features give None",
        "kid: kid is None, the stored features give 2.0",
    ]


@pytest.mark.parametrize(("stored", "again", "said"), [
    (0.011, 0.009, "the entry is flagged for copying; by what the images give it is not flagged"),
    (0.009, 0.011, "the entry is not flagged; by what the images give it is flagged for copying"),
])  # fmt: skip
def test_a_flag_hangs_on_no_rounding(stored, again, said):
    pair = [{"copies": {"held_out_copies": one}} for one in (stored, again)]
    assert [one.what for one in scores_differ(*pair, 250)] == [said]
    assert [one.what for one in scores_differ(pair[0], pair[0], 250)] == []


@pytest.mark.parametrize(("off", "number"), [(0.99e-3, 0), (1.01e-3, 1), (-1.01e-3, 1)])
def test_a_file_may_be_off_by_a_ten_thousandth_of_its_largest_value(off, number):
    value = np.array([0.0, -10.0])
    found = list(arrays_differ("moments.npz", value + np.array([off, 0]), value))
    assert [one.what for one in found] == ["moments.npz is not what the images give"] * number
    assert len(list(arrays_differ("a", value[:1], value))) == len(list(arrays_differ("a", value[None], value))) == 1


# ----- again from images


def test_images_without_files_are_compared_by_pixels_and_place_alone():
    stored = Manifest(2, "root", "digest", 8, 9, "L")
    for field, value in {"count": 3, "digest": "x", "width": 9, "height": 8}.items():
        for same_kind in (True, False):
            (found,) = recomputing._manifest(stored, replace(stored, **{field: value}), same_kind=same_kind)
            assert found.what == f"manifest: {field} is {getattr(stored, field)!r}, the images give {value!r}"
    for change in ({"merkle_root": "x"}, {"mode": "RGB"}):
        assert len(list(recomputing._manifest(stored, replace(stored, **change), same_kind=True))) == 1
        assert not list(recomputing._manifest(stored, replace(stored, **change), same_kind=False))


@pytest.mark.parametrize(
    ("stored", "found", "same", "other"),
    [
        ((("a", "1,000 of 2"),), (("a", "1,000 in 2"),), (), ()),
        ((("a", "1"),), (("a", "2"),), ("the numbers in the remark 'a' are not those of the images",), ()),
        ((), (("a", "1"),), *[("the entry does not have the remark 'a', which its images give",)] * 2),
        ((("a", "1"),), (), ("the entry has the remark 'a', which its images do not give",), ()),
        ((("sampling", "1"), ("isolation", "1")), (), (), ()),
        ((), (("sampling", "1"), ("isolation", "1")), (), ()),
    ],
)
def test_remarks_are_those_of_the_images(stored, found, same, other):
    made = replace(BASE, remarks=tuple(Remark("warning", *one) for one in stored))
    again = SimpleNamespace(findings=[Finding("warning", code, ("x",), what, "") for code, what in found])
    for same_kind, said in ((True, same), (False, other)):
        assert tuple(one.what for one in recomputing._remarks(made, again, same_kind=same_kind)) == said


@pytest.mark.parametrize(
    ("changed", "by", "said"),
    [(0, 0, None), (1, 2, None), (1, 3, "0.33% of the pixels differ, by up to 3 of 255"), (3, 2, None),
     (4, -2, "1.33% of the pixels differ, by up to 2 of 255")],
)  # fmt: skip
def test_images_made_again_may_differ_in_few_pixels_by_little(changed, by, said):
    first = np.full((2, 3, 5, 10), 100, np.uint8)
    second = first.copy()
    second[1, 0].flat[:changed] += np.int8(by).astype(np.uint8)
    found = [one.what for one in pixels_differ(open_source(first), open_source(second))]
    assert [one.partition("; ")[0] for one in found] == ([f"made again, {said}"] if said else [])


def test_every_field_of_a_model_is_compared():
    origin = with_origin().origin
    made = SimpleNamespace(material=SimpleNamespace(origin=origin))
    assert not list(recomputing._model(with_origin(), made))
    other = {"kind": "onnx", "model": "vae", "settings": {"a": 1}, "training_seed": 9, "training_steps": 9,
             "sampling_seed": 9, "control": True}  # fmt: skip
    for field, value in other.items():
        (found,) = recomputing._model(with_origin(**{field: value}), made)
        assert found.what == f"{field} is {value!r} in the entry, {getattr(origin, field)!r} in the file"
    (said,) = recomputing._other_file(with_origin(sha256="b" * 64), made)
    assert said.endswith(f"its sha256 is {'a' * 12}, the entry has {'b' * 12}")
    assert not list(recomputing._other_file(with_origin(), made))


def test_changes_of_many_images_name_the_first_three():
    before = [(str(number), f"hash{number}") for number in range(5)]
    assert changes(before, before[:1]) == ["4 images removed: 1, 2, 3 and 1 more"]
    assert changes(before, before[:2]) == ["3 images removed: 2, 3, 4"]
    assert changes(before, [("new", "hash0"), *before[1:]]) == ["1 image renamed: 0 to new"]
    assert changes(before, [("new", "hash0"), ("5", "x"), *before[2:]]) == [
        "1 image removed: 1", "1 image added: 5", "1 image renamed: 0 to new"]  # fmt: skip


# ----- generators


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 1, 8, 6), (5, 1, 8, 6)), ((5, 3, 8, 6), (5, 3, 8, 6)), ((5, 8, 6, 1), (5, 1, 8, 6)),
     ((5, 8, 6, 3), (5, 3, 8, 6)), ((5, 3, 8, 3), (5, 3, 8, 3)), ((5, 2, 8, 6), None), ((5, 4, 8, 6), None),
     ((5, 8, 6, 4), None), ((5, 8, 6), None), ((4, 3, 8, 6), None), ((5, 0, 8, 6), None)],
)  # fmt: skip
def test_channels_of_generated_images_are_found_first_or_last(shape, expected):
    if expected is None:
        with pytest.raises(_Told, match=r"rows of noise; expected \[5, 1 or 3, h, w\]"):
            _channels_first(np.zeros(shape), 5)
    else:
        assert _channels_first(np.zeros(shape), 5).shape == expected


@pytest.mark.parametrize(
    ("output", "values", "expected", "outside"),
    [
        ("-1..1", [-1.0, 1.0, 0.0, -0.004], [0, 255, 128, 127], None),
        ("-1..1", [-1.5, 1.5, 1.0, 1.0], [0, 255, 255, 255], "50.00%"),
        ("0..1", [0.0, 1.0, 0.5, 0.0021], [0, 255, 128, 1], None),
        ("0..1", [-0.1, 1.0, 1.0, 1.0], [0, 255, 255, 255], "25.00%"),
        ("0..255", [0.0, 255.0, 127.6, 300.0], [0, 255, 128, 255], "25.00%"),
    ],
)
def test_values_of_a_generator_become_bytes(output, values, expected, outside):
    images, said = _to_bytes(np.array(values, np.float32).reshape(1, 1, 2, 2), output)
    assert images.dtype == np.uint8
    assert images.ravel().tolist() == expected
    want = f"{outside} of the generator's values lay outside of {output} and were clipped"
    assert said == ([want] if outside else [])


def test_bytes_of_a_generator_stay_and_the_first_row_that_is_not_finite_is_named():
    images = np.arange(12, dtype=np.uint8).reshape(1, 3, 2, 2)
    assert _to_bytes(images, "-1..1")[0] is images
    values = np.zeros((3, 1, 2, 2))
    values[1, 0, 1, 1], values[2] = np.inf, np.nan
    with pytest.raises(_Told, match="first for noise row 1;"):
        _to_bytes(values, "0..1")


@pytest.mark.parametrize(
    ("code", "lines", "said"),
    [(-9, ["x"], "signal 9, "), (137, ["x"], "signal 9, "), (129, [], "signal 1, "), (128, [], "exit code 128"),
     (1, ["a", "b"], "b"), (1, [], "exit code 1")],
)  # fmt: skip
def test_why_a_process_ended_is_a_signal_its_last_words_or_its_code(code, lines, said):
    assert _reason(code, lines).startswith(said)
