"""A metric that cannot be computed of what was given leaves an empty value with its reason; the others stay."""

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from metrics.errors import InputError

DIGITS = {"extractor": "digits-cnn", "cache": False}
PIXELS = {"extractor": "pixels", "cache": False}


def images(seed, count=12, size=16):
    return np.random.RandomState(seed).randint(0, 256, (count, 3, size, size)).astype(np.uint8)


def test_paired_errors_of_unequal_counts_are_empty_and_the_distances_stay():
    found = bench.score(images(1), images(2, 10), metrics=["fid", "mse"], **DIGITS)
    assert found.fid == bench.fid(images(1), images(2, 10), **DIGITS).fid
    assert (found.mse, found.psnr, found.n_a, found.n_b) == (None, None, 12, 10)
    reason = "mse compares image by image: 12 of array and 10 of array; expected equal counts"
    assert found.not_computed == {"mse": reason}
    assert f"not computed: {reason}" in found.warnings


def test_an_inception_score_without_classes_is_empty_and_names_extractors_that_have_some():
    found = bench.score(images(1), images(2), metrics=["is", "fid"], **PIXELS)
    assert found.fid > 0
    assert (found.inception_score_a, found.inception_score_low_b) == (None, None)
    assert "choose one that has: " in found.not_computed["inception-score"]
    assert found.metrics == ["inception-score", "fid"]


def test_a_set_that_is_too_small_for_a_metric_leaves_only_its_own_value_empty():
    found = bench.score(images(1), images(2, 3), metrics=["is", "vendi"], **DIGITS)
    assert found.inception_score_a > 1
    assert found.inception_score_b is None
    assert (
        found.not_computed["inception-score"]
        == "array holds 3 images; inception-score needs at least 4; give more images"
    )


def test_agreement_is_that_of_the_set_that_says_its_classes():
    named = [(image, str(row % 10)) for row, image in enumerate(images(1))]
    found = bench.score(named, images(2), metrics="classifier-agreement", **DIGITS)
    assert 0 <= found.agreement_a <= 1
    assert (found.agreement_b, found.agreement_low_b) == (None, None)
    assert "does not say the class of each image" in found.not_computed["classifier-agreement"]


def test_images_of_two_sizes_have_no_paired_error():
    found = bench.score(images(1), images(2, size=8), metrics=["fid", "mse"], **DIGITS)
    assert (found.fid > 0, found.mse) == (True, None)


def test_images_whose_names_do_not_pair_have_no_paired_error(tmp_path):
    from PIL import Image

    for word, seed in (("a", 1), ("b", 2)):
        (tmp_path / word).mkdir()
        for row, image in enumerate(images(seed)):
            Image.fromarray(image.transpose(1, 2, 0)).save(tmp_path / word / f"{word * (row + 1)}.png")
    found = bench.score(tmp_path / "a", tmp_path / "b", metrics=["fid", "mse"], **DIGITS)
    assert (found.fid > 0, found.mse) == (True, None)
    assert "Give both images of a pair one name" in found.not_computed["mse"]


def test_where_no_metric_can_be_computed_the_first_reason_is_the_error():
    with pytest.raises(InputError, match=r"^mse compares image by image: 12 of array and 10 of array"):
        bench.score(images(1), images(2, 10), metrics="mse", **DIGITS)
    with pytest.raises(InputError, match=r"^inception-score needs class predictions"):
        bench.score(images(1), images(2, 10), metrics=["is", "mse"], **PIXELS)


def test_an_option_stays_beside_a_metric_that_has_no_value():
    found = bench.score(images(1), images(2), metrics=["is", "fid"], splits=20, **DIGITS)
    assert (found.inception_score_a, found.splits) == (None, 20)
    assert "fewer splits" in found.not_computed["inception-score"]


def test_a_class_with_too_few_images_leaves_one_metric_of_the_classes_empty():
    def labelled(seed):
        return [(image, "few" if row < 5 else "many") for row, image in enumerate(images(seed))]

    found = bench.score(labelled(1), labelled(2), metrics=["fid", "prdc"], by_class=True, k=5, **DIGITS)
    assert found.precision is not None
    assert [(row["fid"] > 0, row["precision"]) for row in found.by_class] == [(True, None), (True, None)]
    assert (found.class_mean["fid"] > 0, found.class_mean["precision"]) == (True, None)
    assert any(one.startswith("class by class, prdc is not computed: ") for one in found.warnings)
    assert found.tables["classes"].rows


def test_the_command_prints_a_dash_and_the_reason_and_ends_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", arr_0=images(1).transpose(0, 2, 3, 1))
    np.savez("b.npz", arr_0=images(2, 10).transpose(0, 2, 3, 1))
    words = ["score", "a.npz", "b.npz", "--metrics", "fid,mse", "--extractor", "digits-cnn", "--no-cache"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 0
    assert "not computed: mse compares image by image: 12 of a and 10 of b" in found.output
    lines = {line.split()[0]: line.split()[1] for line in found.stdout.splitlines() if line}
    assert (lines["MSE"], lines["PSNR"]) == ("-", "(dB)")


def test_sets_of_one_name_have_their_letter_in_the_titles_of_scores():
    found = bench.score(images(1), images(2), metrics="is", **DIGITS)
    assert [row[0].value for row in found.table.rows] == ["IS (1 split) of array (A)", "IS (1 split) of array (B)"]
