"""Distances of one class at a time, and their mean over the classes."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.measuring.by_class import mean_of
from metrics import fid, prdc
from metrics.classifier_agreement import METRIC as AGREEMENT
from metrics.errors import InputError
from metrics.types import Interval, Output

Z95 = 1.959963984540054
DRAW = np.random.default_rng(5)
LABELS = np.array(["2", "10", "Cat"]).repeat((12, 15, 20))


def features(shift=0.0):
    return DRAW.normal(shift, 1, (len(LABELS), 3)).astype(np.float32)


@pytest.fixture
def sets(tmp_path):
    """Two files of features with their labels, the second in another order and with other capitals."""
    a, b = features(), features(0.3)
    order = DRAW.permutation(len(LABELS))
    np.savez(tmp_path / "real.npz", features=a, labels=LABELS)
    np.savez(tmp_path / "made.npz", features=b[order], labels=np.char.lower(LABELS[order]))
    return tmp_path / "real.npz", tmp_path / "made.npz", a, b[order], LABELS[order]


def test_a_row_is_what_the_metric_says_of_the_images_of_that_class(sets):
    real, made, a, b, labels = sets
    found = bench.score(real, made, metrics=("fid", "prdc"), by_class=True)
    assert [row["class"] for row in found.by_class] == ["2", "10", "Cat"]
    assert [(row["n_a"], row["n_b"]) for row in found.by_class] == [(12, 12), (15, 15), (20, 20)]
    for row in found.by_class:
        ones = a[row["class"] == LABELS], b[row["class"] == labels]
        expected = fid.compute(*ones) | prdc.compute(*ones)
        assert {key: row[key] for key in expected} == pytest.approx(expected)


def test_the_numbers_of_the_whole_sets_stay_what_they_are(sets):
    real, made, *_ = sets
    plain, found = (bench.score(real, made, metrics="fid", by_class=asked) for asked in (False, True))
    assert {key: found[key] for key in plain if key != "warnings"} == {
        key: value for key, value in plain.items() if key != "warnings"
    }


def test_the_mean_over_classes_counts_every_class_alike(sets):
    real, made, *_ = sets
    found = bench.score(real, made, metrics=("fid", "kid", "prdc"), by_class=True)
    for key in ("fid", "fid_corrected", "kid", "recall"):
        assert found.class_mean[key] == pytest.approx(np.mean([row[key] for row in found.by_class]))
    assert "recall_low" not in found.class_mean
    sd = math.sqrt(sum(row["kid_sd"] ** 2 for row in found.by_class)) / 3
    assert found.class_mean["kid_high"] == pytest.approx(found.class_mean["kid"] + Z95 * sd)


def test_what_an_interval_reaches_for_bias_is_not_averaged_out():
    output = fid.METRIC.output("fid_corrected")
    row = {"fid_corrected": 1.0, "fid_sd": 0.1, "fid_low": 0.3, "fid_high": 1.8, "fid_room": 0.5}
    found = mean_of(output, [row] * 4)
    assert found["fid_high"] - found["fid_corrected"] == pytest.approx(0.5 + Z95 * 0.1 / 2)


def test_a_class_without_an_interval_leaves_none_for_the_mean():
    output = fid.METRIC.output("fid_corrected")
    assert mean_of(output, [{"fid_corrected": 1.0}, {"fid_corrected": None}]) == {"fid_corrected": None}


def test_a_share_of_images_has_a_mean_over_classes_and_no_interval_of_it():
    row = {"agreement_b": 0.5, "agreement_low_b": 0.2, "agreement_high_b": 0.8}
    assert mean_of(AGREEMENT.outputs[0], [row, {**row, "agreement_b": 1.0}], "_b") == {"agreement_b": 0.75}


def test_what_a_classifier_reads_is_told_of_each_class_of_one_set():
    found = bench.score("digits:test", metrics="classifier-agreement", by_class=True, extractor="digits-cnn")
    assert len(found.by_class) == 10
    assert found.class_mean["agreement_a"] == pytest.approx(found.agreement_classes_a)
    assert min(row["agreement_a"] for row in found.by_class) == found.agreement_worst_a


# ----- how it is shown


def run(*words):
    return CliRunner().invoke(main, ["score", *map(str, words), "--by-class"])


def test_a_table_has_a_row_for_each_class_and_one_for_the_mean(sets):
    real, made, *_ = sets
    table = bench.score(real, made, metrics=("fid", "prdc"), by_class=True).tables["classes"]
    assert [row[0].value for row in table.rows] == ["2", "10", "Cat", "mean over classes"]
    assert [row[1].value for row in table.rows] == [12, 15, 20, 47]
    titles = " | ".join(column.title for column in table.columns)
    measured = "FID | corrected [95 %] | Precision | Recall | Density | Coverage"
    assert titles == f"class | n of A | n of B | {measured}"
    assert table.title == "real.npz (A) against made.npz (B), class by class"


@pytest.mark.parametrize("kind", ["terminal", "md", "csv", "html", "latex"])
def test_every_format_has_the_rows_of_the_classes(sets, kind):
    found = run(*sets[:2], "--metrics", "fid", "--format", kind)
    assert found.exit_code == 0
    assert all(word in found.output for word in ("Cat", "mean over classes", "10"))


def test_json_has_the_rows_with_their_own_warnings(sets):
    found = json.loads(run(*sets[:2], "--metrics", "fid", "--json").output)
    assert {"class", "fid", "fid_low", "n_a", "warnings"} <= set(found["by_class"][0])
    assert found["class_mean"]["fid_sd"] > 0


def test_a_line_that_is_about_several_classes_stands_once(tmp_path):
    rows = DRAW.normal(size=(40, 30)).astype(np.float32)
    labels = np.arange(40) % 4
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", features=rows + (name == "b"), labels=labels)
    found = bench.score(tmp_path / "a.npz", tmp_path / "b.npz", metrics="fid", by_class=True)
    said = [line for line in found.warnings if "n <= d: 10 images" in line]
    assert len(said) == 1
    assert said[0].startswith("4 of 4 classes: ")


def test_lines_of_classes_that_differ_in_numbers_alone_are_one_line(tmp_path):
    for name, counts in (("a", (10, 12)), ("b", (11, 14))):
        rows = DRAW.normal(size=(sum(counts), 3)).astype(np.float32)
        np.savez(tmp_path / f"{name}.npz", features=rows, labels=np.repeat([0, 1], counts))
    found = bench.score(tmp_path / "a.npz", tmp_path / "b.npz", metrics="fid", by_class=True)
    (said,) = [line for line in found.warnings if "different n" in line and "classes" in line]
    assert said.startswith("2 of 2 classes, such as 0: different n: 10 against 11")


# ----- what does not fit


def refused(tmp_path, a, b, *words):
    for name, labels in (("a", a), ("b", b)):
        rows = DRAW.normal(size=(12, 3)).astype(np.float32)
        beside = {} if labels is None else {"labels": np.array(labels)}
        np.savez(tmp_path / f"{name}.npz", features=rows, **beside)
    found = run(tmp_path / "a.npz", tmp_path / "b.npz", *words)
    assert (found.exit_code, found.output.count("\n")) == (2, 1)
    return found.output


HALVES = [0] * 6 + [1] * 6


@pytest.mark.parametrize(
    ("a", "b", "metrics", "expected"),
    [
        (HALVES, None, "fid", "b.npz does not say the class of each image, so --by-class has nothing to go by"),
        (HALVES, [0] * 12, "fid", "b.npz has no image of '1', which a.npz has; --by-class compares the same classes"),
        ([0] * 12, range(12), "fid", "a.npz has no image of '1', '2', '3' and 8 more, which b.npz has"),
        (HALVES, [0] * 9 + [1] * 3, "fid", "b.npz holds 3 images of class '1'; fid needs at least 4 of each class"),
        ([0] * 5 + [1] * 7, HALVES, "prdc", "a.npz holds 5 images of class '0'; prdc needs at least 6 .* smaller k"),
        (HALVES, HALVES, "vendi", "--by-class is for distances of features, such as fid, .* not vendi"),
    ],
)
def test_classes_that_do_not_fit_are_one_line_before_anything_is_measured(tmp_path, a, b, metrics, expected):
    import re

    assert re.search(expected, refused(tmp_path, a, b, "--metrics", metrics))


def test_one_class_has_no_options_of_images_that_were_not_given(tmp_path):
    bench.save_statistics("digits:real-1", tmp_path / "saved.npz", extractor="digits-cnn")
    with pytest.raises(InputError, match="--by-class needs the features of all sets"):
        bench.score(tmp_path / "saved.npz", "digits:real-2", metrics="fid", by_class=True, extractor="digits-cnn")


def test_the_room_of_an_even_interval_that_does_not_say_it_is_kept_too():
    even = Interval("low", "high", "se")
    output = Output("value", "Value", "lower", interval=even)
    row = {"value": 1.0, "se": 0.1, "low": 1 - 0.5 - Z95 * 0.1, "high": 1 + 0.5 + Z95 * 0.1}
    assert mean_of(output, [row] * 4)["high"] - 1 == pytest.approx(0.5 + Z95 * 0.1 / 2)
