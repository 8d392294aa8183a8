"""`bench explain` names the true cause: sets that differ in one known thing."""

import json
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.explaining import _groups as groups
from bench.explaining import _looks as looks
from bench.explaining._given import about_given
from metrics.arithmetic.frechet import fid_of, leading_directions
from metrics.errors import InputError

DIGITS = {"extractor": "digits-cnn", "workers": 0}


@cache
def digits(name, count=160):
    source = bench.open_source(f"digits:{name}")
    return np.stack([source.read(index) for index in range(count)])


@cache
def read_as(name):
    """The class that the small classifier reads in each image."""
    from bench.measuring.measure import measure

    found = measure("digits-cnn").features(bench.open_source(digits(name)), ("logits",))
    return found.arrays["logits"].argmax(axis=1)


def explained(a, b, **settings):
    return bench.explain(a, b, **{**DIGITS, **settings})


def small_colours(images):
    """An extractor that sees colours: the mean of each of 8 x 8 fields, in each channel."""
    return images.reshape(len(images), 3, 8, 4, 8, 4).mean(axis=(3, 5)).reshape(len(images), -1)


def table(made, name):
    (found,) = [one for one in made.tables if one.name == name]
    keys = [column.key for column in found.columns]
    return {row[0].value: dict(zip(keys, row, strict=True)) for row in found.rows}


def changed(images, change):
    return np.stack([change(image) for image in images])


# ----- the cause


def test_of_equal_sets_nothing_is_explained():
    assert "There is nothing to explain" in explained(digits("real-1"), digits("real-1")).said[0]


def test_two_real_sets_differ_by_chance():
    made = explained(digits("real-1"), digits("real-2"))
    assert "and no other difference was found. What follows is chance" in made.said[0]
    assert all(row["after"].value is None for row in table(made, "equalised").values())
    assert not any(row["differs"].value for row in table(made, "classes").values())


def test_darker_images_differ_in_brightness():
    dark = (digits("real-2") * 0.6).astype(np.uint8)
    made = explained(digits("real-1"), dark)
    assert made.said[0].startswith("Most of the distance comes from brightness: mean")
    row = table(made, "equalised")["brightness"]
    assert row["removed"].low < row["removed"].value < row["removed"].high
    assert row["removed"].value == pytest.approx(99, abs=8)
    before = bench.fid(digits("real-1"), dark, **DIGITS).fid
    assert row["before"].value == pytest.approx(before, rel=1e-9)


def test_compressed_images_differ_in_jpeg_quality():
    compressed = changed(digits("real-1"), lambda image: looks.compressed(image, 15))
    made = explained(digits("real-1"), compressed)
    assert made.said[0].startswith("Most of the distance comes from JPEG quality: the pixels of B show")
    assert "of quality 15" in made.said[0]
    assert "depend on each other" in made.said[2]
    assert table(made, "equalised")["JPEG quality"]["removed"].low is None


def test_blurred_images_differ_in_sharpness():
    blurred = changed(digits("real-2"), lambda image: looks.blurred(image, 2.0))
    assert explained(digits("real-1"), blurred).said[0].startswith("Most of the distance comes from sharpness")


def test_coloured_images_differ_in_colour():
    warm = digits("real-2").copy()
    warm[:, 2] = warm[:, 2] // 3
    coloured = digits("real-1").copy()
    coloured[:, 2] = coloured[:, 2] // 2
    said = explained(coloured, warm, extractor=small_colours).said[0]
    assert said.startswith("Most of the distance comes from colour: blue against yellow")


def test_grey_images_among_colour_are_named():
    coloured = digits("real-1")[:60].copy()
    coloured[:, 2] = coloured[:, 2] // 4
    said = explained(coloured, digits("real-2")[:60], extractor=small_colours).said[0]
    assert said.startswith("Most of the distance comes from colour: B is grey and A is not")


def test_small_images_differ_in_size():
    small = changed(digits("real-2")[:60], lambda image: looks.shrunk(image, (4, 4)))
    made = explained(digits("real-1")[:60], small)
    assert made.said[0].startswith("Most of the distance comes from size: A is 32 x 32, B is 4 x 4")


def test_missing_classes_are_named():
    made = explained(digits("real-1"), digits("real-2")[~np.isin(read_as("real-2"), [3, 7, 0])])
    assert made.said[0].startswith("Most of the distance comes from what is shown: class 0 is missing in B")
    rows = table(made, "classes")
    assert {name for name, row in rows.items() if row["differs"].value} >= {"0", "3", "7"}
    assert rows["3"]["n_b"].value == 0 and rows["3"]["difference"].high < 0
    assert table(made, "equalised")["shares of each class"]["removed"].value > 70


def test_a_missing_class_that_the_fid_does_not_see_is_named_all_the_same():
    made = explained(digits("real-1"), digits("real-2")[read_as("real-2") != 3])
    assert "The FID finds no difference" in made.said[0] and "class 3 is missing in B" in made.said[0]


def test_sets_without_a_class_in_common_show_different_things():
    few = np.isin(read_as("real-1"), [0, 1, 2, 3, 4])
    made = explained(digits("real-1")[few], digits("real-1")[~few])
    assert made.said[0].startswith("As the extractor reads them, the sets show different things, with 0 % in")
    assert "too little to make the shares equal" in table(made, "equalised")["shares of each class"]["told"].value


def test_repeated_images_are_named():
    repeated = np.concatenate([digits("real-2")[:20]] * 6)
    made = explained(digits("real-1"), repeated)
    assert made.said[0].startswith("B repeats its images: 100 images are")


# ----- the terms


@pytest.mark.parametrize("count", [20, 200])  # fewer and more images than dimensions
def test_all_directions_together_hold_the_whole_distance(count):
    draw = np.random.default_rng(2)
    a, b = draw.normal(0, 1, (count, 40)), draw.normal(0.3, 2, (count + 5, 40))
    found, whole = leading_directions(a, b, 40), fid_of(a, b)
    assert found.total.sum() + found.left == pytest.approx(whole.fid, rel=1e-9)
    assert found.mean.sum() == pytest.approx(whole.mean_term, rel=1e-9)
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(len(found.axes)), atol=1e-9)


def test_a_shift_along_one_axis_is_the_first_direction():
    draw = np.random.default_rng(3)
    a = draw.normal(0, 1, (400, 12))
    b = draw.normal(0, 1, (400, 12)) + 5 * np.eye(12)[4]
    found = leading_directions(a, b, 3)
    assert found.axes[0, 4] > 0.99
    assert found.mean[0] == pytest.approx(25, rel=0.1) and found.total[0] / fid_of(a, b).fid > 0.95
    assert found.left == pytest.approx(fid_of(a, b).fid - found.total.sum(), rel=1e-9)


def test_a_spread_along_one_axis_is_in_the_covariance_term():
    draw = np.random.default_rng(4)
    a, b = draw.normal(0, 1, (2, 400, 12))
    b[:, 7] *= 4
    found = leading_directions(a, b, 3)
    assert abs(found.axes[0, 7]) > 0.99
    assert found.total[0] - found.mean[0] == pytest.approx(9, rel=0.2)


# ----- groups


def test_holm_holds_a_test_of_many_groups_together():
    assert groups._holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])


def test_the_interval_of_a_difference_is_newcombes():
    """His example: 56 of 70 and 48 of 80."""
    assert groups._newcombe(48, 80, 56, 70) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_clusters_find_what_is_missing_where_there_are_no_classes():
    draw = np.random.default_rng(5)
    centres = 20 * np.eye(4, 6)
    a, b = (
        centres[labels] + draw.normal(0, 1, (len(labels), 6)) for labels in (np.arange(200) % 4, np.arange(210) % 3)
    )
    found = groups.by_cluster(a, b, 4, seed=1)
    assert [one.differs for one in found.groups] == [True, False, False, False]
    assert found.groups[0].b == 0 and found.overlap == pytest.approx(0.75, abs=0.01)
    evened = groups.evened(found, a, b, seed=1)
    assert evened.after < 0.1 * evened.before


# ----- FIDs that were given


ROWS = [
    {"tool": "one", "fid": 12.31, "interpolation": "bilinear", "antialias": False, "scaling": "s", "covariance": "n"},
    {"tool": "two", "fid": 14.08, "interpolation": "bicubic", "antialias": True, "scaling": "s", "covariance": "n"},
]


def test_two_given_fids_are_explained_by_the_tools_that_print_them():
    (said,) = about_given((12.3, 14.1), ROWS)
    assert said == (
        "12.3 is what one prints and 14.1 what two prints. They differ in the resize (bilinear and bicubic) and in the "
        "antialiasing (no and yes)."
    )


def test_a_fid_that_no_tool_prints_has_another_cause():
    (said,) = about_given((9.0,), ROWS)
    assert said.startswith("No tool prints 9 for these images: the nearest is one with 12.3100")


# ----- the command

LIMITED = ("--limit", "40", "--extractor", "digits-cnn")


def test_the_command_writes_a_folder_and_json(tmp_path):
    command = ["explain", "digits:real-1", "digits:real-2", *LIMITED, "--json"]
    result = CliRunner().invoke(main, [*command, "--fid", "1.2", "-o", str(tmp_path / "why")])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["said"] and found["given"] == [1.2] and found["n_a"] == 40
    assert any("all 40 images are grey" in one["what"] for one in found["findings"])  # of those that were drawn
    assert not any("grey" in line for line in found["notes"])  # what the doctor says is said once
    pictures = {"overview.png", "directions.png", "groups.png", "influence.png", "pictures.webp"}
    assert pictures < {path.name for path in (tmp_path / "why").iterdir()}
    assert json.loads((tmp_path / "why" / "explain.json").read_text())["said"] == found["said"]
    again = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "why")])
    assert (again.exit_code, "exists; replace it with --force" in again.stderr) == (2, True)


def test_the_command_says_the_cause_first():
    result = CliRunner().invoke(main, ["explain", "digits:real-1", "digits:real-2", *LIMITED])
    assert result.stdout.startswith("The FID finds no difference")
    assert "Which classes are missing or too many in B" in result.stdout and "doctor:" in result.stdout


# ----- what is refused


def test_what_cannot_be_explained_is_refused_in_one_line(tmp_path):
    images = digits("real-1")[:30]
    bench.save_statistics(images, tmp_path / "saved.npz", **DIGITS)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mine")
    cases = {
        "holds 5 images; an explanation needs at least 8": (images, images[:5], {}),
        "an explanation needs images, and saved.npz is the statistics file; give the images": (
            images,
            tmp_path / "saved.npz",
            {},
        ),
        "'pixels' has none; take clusters": (images, images, {"groups": "classes", "extractor": "pixels"}),
        "a given FID is 'x'; expected a number": (images, images, {"fid": ("x",)}),
        "a given FID is -1.0; expected a number of at least 0": (images, images, {"fid": (-1,)}),
        "clusters is 1; expected": (images, images, {"clusters": 1}),
        "holds something else (it has no explain.json)": (images, images, {"output": tmp_path / "other"}),
        "compares ways to resize images": (images, images, {"fid": (3,), "extractor": "efficientnet-lite0"}),
    }
    for words, (a, b, settings) in cases.items():
        with pytest.raises(InputError) as error:
            explained(a, b, **settings)
        assert words in str(error.value)
