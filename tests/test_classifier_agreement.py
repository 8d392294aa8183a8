"""How many images are read as the class that they should be of: the metric, and its way from the labels of a set."""

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import binom

import bench
from bench.cli import main
from bench.sources import open_source
from metrics.classifier_agreement import compute, interval
from metrics.errors import InputError

DIGITS = {"extractor": "digits-cnn", "metrics": "classifier-agreement"}


def read_as(*classes, width=4):
    """Logits of images that are read as these classes."""
    return np.eye(width, dtype=np.float32)[list(classes)]


# ----- the number


def test_the_share_of_images_that_are_read_as_their_class():
    found = compute(read_as(0, 1, 2, 3, 3), labels=np.array([0, 1, 2, 3, 0]))
    assert found["agreement"] == 4 / 5
    assert (found["agreement_worst"], found["worst_class"]) == (1 / 2, 0)
    assert found["agreement_classes"] == pytest.approx((1 / 2 + 1 + 1 + 1) / 4)


def test_every_class_counts_alike_in_the_mean_and_only_those_that_are_asked_for():
    found = compute(read_as(*[0] * 9, 1), labels=np.array([0] * 8 + [1, 1]))
    assert found["agreement"] == pytest.approx(0.9)
    assert found["agreement_classes"] == pytest.approx((1 + 0.5) / 2)


def test_one_label_for_all_asks_how_many_are_read_as_that():
    found = compute(read_as(2, 2, 1), labels=np.full(3, 2))
    assert found["agreement"] == found["agreement_classes"] == found["agreement_worst"] == pytest.approx(2 / 3)


def test_a_generator_of_one_perfect_image_per_class_scores_1():
    assert compute(read_as(*range(4)).repeat(5, axis=0), labels=np.arange(4).repeat(5))["agreement"] == 1


@pytest.mark.parametrize(
    "labels", [np.arange(2), np.array([0, 1, 4]), np.array([0, -1, 1]), np.array([0.0, 1, 2]), np.eye(3)]
)
def test_labels_that_do_not_fit_the_logits_are_refused(labels):
    with pytest.raises(InputError, match=r"^the labels .*; expected"):
        compute(read_as(0, 1, 2), labels=labels)


# ----- its interval


def test_the_interval_has_its_closed_form_at_the_ends():
    assert interval(0, 20) == (0, pytest.approx(1 - 0.025 ** (1 / 20)))
    assert interval(20, 20) == (pytest.approx(0.025 ** (1 / 20)), 1)


@pytest.mark.parametrize("count", [1, 7, 30, 100])
def test_the_interval_covers_in_95_of_100_cases_whatever_the_share_is(count):
    shares = np.linspace(0, 1, 1001)[:, None]
    ends = np.array([interval(hits, count) for hits in range(count + 1)])
    covers = (ends[:, 0] <= shares) & (shares <= ends[:, 1])
    assert (covers * binom.pmf(np.arange(count + 1), count, shares)).sum(axis=1).min() >= 0.95


def test_the_interval_covers_as_well_where_classes_are_of_different_difficulty():
    shares = np.repeat([0.5, 0.8, 0.95, 1.0], 10)
    hits = np.ones(1)  # probability of each number of hits, one image after the other
    for share in shares:
        hits = np.convolve(hits, [1 - share, share])
    covers = [low <= shares.mean() <= high for low, high in (interval(k, 40) for k in range(41))]
    assert hits[covers].sum() > 0.97


# ----- from images to the number


def test_the_digits_are_read_as_what_they_are():
    found = bench.score("digits:test", **DIGITS)
    assert found.agreement_a == 0.99  # as docstring and docs say of this classifier
    assert found.agreement_low_a < 0.99 < found.agreement_high_a
    assert found.agreement_classes_a == pytest.approx(0.99)  # 50 images of each
    assert "digits:test: of class '4', the worst, 96.0 % are read as it" in found.warnings


def test_labels_in_turn_are_those_of_generated_images_and_the_real_number_stands_beside():
    real = open_source("digits:real-1")
    images = np.stack([real.read(row) for row in range(20)])
    found = bench.score("digits:test", images, labels=real.labels[:20], **DIGITS)
    assert (found.agreement_a, found.agreement_b) == (0.99, 0.95)  # one of these twenty is misread
    assert (
        bench.score(images, labels=[real.labels[0]], **DIGITS).agreement_a
        == real.labels[:20].count(real.labels[0]) / 20
    )


def run(*words):
    return CliRunner().invoke(main, [*map(str, words), "--extractor", "digits-cnn"])


def test_the_command_takes_labels_with_commas_and_names_them_in_its_table(tmp_path):
    real = open_source("digits:real-1")
    np.savez(tmp_path / "made.npz", arr_0=np.stack([real.read(row) for row in range(20)]).transpose(0, 2, 3, 1))
    words = ("score", tmp_path / "made.npz", "--metrics", "classifier-agreement", "--labels")
    found = run(*words, ",".join(real.labels[:20]))
    assert found.exit_code == 0
    assert "Agreement of made " in found.output
    assert "higher is better" in found.output
    assert run(*words, "3,x").output.startswith("bench: made: extractor 'digits-cnn' has no class 'x'. There are 10")
    assert run(*words, "3,x").exit_code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("digits:test", "--labels", "3"), "--labels is for classifier-agreement, which is not among the metrics"),
        (("horses.npz", "--metrics", "classifier-agreement"), "horses does not say the class of each image"),
    ],
)
def test_labels_that_nobody_reads_and_classes_that_nobody_says_are_one_line(tmp_path, monkeypatch, words, expected):
    monkeypatch.chdir(tmp_path)
    np.savez("horses.npz", arr_0=np.zeros((4, 32, 32, 3), np.uint8))
    found = run("score", *words)
    assert (found.exit_code, found.output.count("\n")) == (2, 1)
    assert expected in found.output


def test_a_distance_of_two_sets_takes_no_labels():
    with pytest.raises(InputError, match="no keyword 'labels'"):
        bench.fid("digits:real-1", "digits:real-2", labels=["3"], extractor="digits-cnn")
