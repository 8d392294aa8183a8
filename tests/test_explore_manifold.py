"""Codes of models that encode: combinations, the plane of two numbers, arithmetic on mean codes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tiny_runs import pixels, tiny_run, values

from bench.cli import main
from bench.exploring import open_run, write
from bench.exploring._codes import coded, triples_of
from bench.exploring.manifold import combine, explore
from metrics.errors import InputError
from reference_models.loop import decode, encode, reconstruct


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("manifold"), "vae")


@pytest.fixture(scope="module")
def opened(folder):
    return open_run(folder)


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """A VAE whose codes have two numbers."""
    return open_run(tiny_run(tmp_path_factory.mktemp("two"), "vae", zdim=2))


def by(table, *names):
    """The rows of a table as tuples of the named columns' values."""
    return list(zip(*(values(table, name) for name in names), strict=True))


def test_the_ends_of_a_combination_are_the_reconstructions(opened):
    images = opened.split().take([3, 8])
    a, b = encode(opened.model, images)
    assert np.array_equal(combine(opened.model, a, b, np.array([0.0, 1.0])), reconstruct(opened.model, images))


def test_faded_pixels_go_straight_from_one_image_to_the_other(opened):
    found = explore(opened, pixels(opened), pairs=2, steps=3)
    rows = by(found.tables[0], "way", "pixels_direct", "pixels_length", "pixels_largest")
    assert [row[0] for row in rows] == ["codes", "pixels"] * 2
    for _, direct, length, largest in rows[1::2]:
        assert length == pytest.approx(direct, rel=0.02)  # pixels are rounded to whole numbers at each of 32 steps
        assert largest == pytest.approx(1, abs=0.05)


def test_codes_of_three_numbers_have_no_grid_and_asking_for_one_says_what_to_do(opened):
    assert "grid" not in explore(opened, pixels(opened), pairs=1, steps=2).pictures
    with pytest.raises(InputError, match=r"codes of 2 numbers.*have 3.*zdim=2"):
        explore(opened, pixels(opened), grid=5)


def test_codes_of_two_numbers_have_a_grid_with_the_median_in_its_middle(of_two, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "bench.exploring.manifold.plot_sheets", lambda path, sheets, title, **words: drawn.update(sheet=sheets[0][1])
    )
    found = explore(of_two, pixels(of_two), pairs=1, steps=2, grid=3)
    found.pictures["grid"](tmp_path / "grid.png")
    middle = decode(of_two.model, np.zeros((1, 2), np.float32))[0, 0]
    side = 2 * 34  # an image of 32 pixels is shown twice as large, with a gap of 2
    shown = drawn["sheet"][side : side + 64 : 2, side : side + 64 : 2, 0]
    assert np.abs(shown.astype(int) - middle).max() <= 1  # another place in the batch


def test_all_pictures_are_drawn(of_two, tmp_path):
    found = explore(of_two, pixels(of_two), pairs=1, steps=2, grid=3)
    names = {path.name for path in write(found, tmp_path / "out")}
    pictures = {"combinations.png", "codes.png", "grid.png", "arithmetic.png", "pictures.webp"}
    assert names == pictures | {"combinations.csv", "codes.csv", "arithmetic.csv", "explore.json"}


@pytest.mark.parametrize("model", ["conv-vae", "autoencoder", "conv-autoencoder"])
def test_every_model_that_encodes_can_be_looked_at(model, tmp_path):
    opened = open_run(tiny_run(tmp_path, model))
    found = explore(opened, pixels(opened), pairs=1, steps=2)
    write(found, tmp_path / "out")
    assert len(found.tables[1].rows) == opened.model.code_dim


def test_the_variances_are_those_of_the_test_images_codes(opened):
    codes = encode(opened.model, opened.split().read(0, 500))
    table = explore(opened, pixels(opened), pairs=1, steps=2).tables[1]
    variances = dict(by(table, "number", "variance"))
    assert [variances[number] for number in range(3)] == pytest.approx(codes.astype(float).var(axis=0), rel=1e-6)


# ----- arithmetic


def test_a_minus_a_plus_c_is_nearest_to_c(opened):
    found = explore(opened, pixels(opened), pairs=1, steps=2, arithmetic=["3,3,5", "7, 7, 0"])
    rows = by(found.tables[2], "a", "b", "c", "nearest", "distance_nearest", "distance_c")
    assert [row[3] for row in rows] == ["5", "0"]
    assert all(row[4] == pytest.approx(0, abs=1e-6) == row[5] for row in rows)  # float32


def test_without_wishes_the_labels_of_the_arithmetic_are_spread(opened):
    assert triples_of(coded(opened), ()) == ((0, 1, 2), (3, 4, 5), (6, 7, 8))


@pytest.mark.parametrize(
    ("asked", "said"),
    [("3,5", "three labels"), ("3,5,1,2", "three labels"), ("3,5,ten", "no label 'ten'"), ("3,5,12", "no label '12'")],
)
def test_arithmetic_that_cannot_be_read_says_what_is_expected(opened, asked, said):
    with pytest.raises(InputError, match=said):
        explore(opened, pixels(opened), arithmetic=[asked])


@pytest.mark.parametrize(("labels", "found"), [(None, "no labels"), (np.zeros(500, np.int64), "only the label '0'")])
def test_one_label_is_not_enough_for_arithmetic(opened, labels, found):
    given = replace(coded(opened), labels=labels)
    assert triples_of(given, ()) == ()
    with pytest.raises(InputError, match=found):
        triples_of(given, ["0,0,0"])


def test_data_without_labels_get_no_arithmetic_and_a_word_why(opened, monkeypatch, tmp_path):
    bare = replace(coded(opened), labels=None)
    monkeypatch.setattr("bench.exploring.manifold.coded", lambda opened: bare)
    found = explore(opened, pixels(opened), pairs=1, steps=2)
    assert found.notes == ("no arithmetic: digits has no two labels",)
    assert "arithmetic.png" not in {path.name for path in write(found, tmp_path / "out")}


# ----- the command


def test_a_model_that_does_not_encode_names_those_that_do(tmp_path):
    folder = tiny_run(tmp_path, "dcgan")
    result = CliRunner().invoke(main, ["explore", "manifold", str(folder), "--extractor", "pixels"])
    assert result.exit_code == 2
    reason, _, able = result.stderr.strip().partition("; models that do: ")
    assert "dcgan does not encode images" in reason
    assert {"autoencoder", "conv-autoencoder", "conv-vae", "vae"} <= set(able.split(", "))


def test_the_command_takes_names_of_labels(folder, tmp_path):
    arguments = ["explore", "manifold", str(folder), "--extractor", "pixels", "--pairs", "1", "--steps", "2"]
    result = CliRunner().invoke(main, [*arguments, "--arithmetic", "8,3,5", "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "Arithmetic on codes. vae on digits, seed 0" in result.stdout
    assert (tmp_path / "out" / "arithmetic.png").is_file()


def test_a_state_of_the_random_generators_is_left_as_it_was(opened):
    before = torch.get_rng_state()
    explore(opened, pixels(opened), pairs=1, steps=2)
    assert torch.equal(torch.get_rng_state(), before)
