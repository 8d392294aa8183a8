"""Nearest training images: copies are found, blocks change nothing, held-out images stand beside."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from tiny_runs import tiny_run, values

from bench.cli import main
from bench.datasets.splits import array_split
from bench.exploring import neighbours as exploring_neighbours
from bench.exploring import open_run, write
from bench.exploring._paths import features_of
from bench.exploring.neighbours import explore, nearest_images
from bench.measuring.evaluation import find_measure
from metrics import memorisation
from metrics.errors import InputError
from reference_models.loop import sample
from reference_models.loop.grids import spread


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    return open_run(tiny_run(tmp_path_factory.mktemp("neighbours"), "dcgan"))


def few_features(opened):
    """The small network of digits: a fiftieth of the numbers that the pixels are."""
    return find_measure(opened.subject, "digits-cnn", workers=0)


def images(seed, count, side=6):
    return np.random.default_rng(seed).integers(0, 256, (count, 1, side, side), np.uint8)


def test_the_nearest_image_of_a_copied_one_is_itself_at_distance_zero():
    training = array_split(images(0, 30))
    found = nearest_images(training.take([7, 3]), training, 2)
    assert found.rows[:, 0].tolist() == [7, 3]
    assert found.distances[:, 0].tolist() == [0, 0]
    assert (found.distances[:, 1] > 0).all()


def test_the_distance_is_the_root_mean_square_difference():
    white, black = np.full((1, 1, 4, 4), 255, np.uint8), np.zeros((1, 1, 4, 4), np.uint8)
    assert nearest_images(black, array_split(white), 1).distances.item() == 1


@pytest.mark.parametrize("block", [1, 7, 30])
def test_the_size_of_the_blocks_changes_nothing(monkeypatch, block):
    training, queries = array_split(images(0, 30)), images(1, 5)
    whole = nearest_images(queries, training, 4)
    monkeypatch.setattr(exploring_neighbours, "BLOCK", block)
    parts = nearest_images(queries, training, 4)
    assert np.array_equal(parts.rows, whole.rows)
    assert np.array_equal(parts.distances, whole.distances)


def test_a_model_that_copies_is_found_out(tmp_path):
    opened = open_run(tiny_run(tmp_path, "train-copies"))
    distances, signs, nearest = explore(opened, few_features(opened), samples=20, k=2).tables
    assert values(distances, "set") == ["generated", "held out"] * 2
    assert values(distances, "copies") == [20, 0, None, None]
    assert (values(signs, "near_duplicates"), values(signs, "authpct")) == ([1], [0])
    assert values(distances, "median")[::2] == [0, 0]
    assert values(nearest, "pixels_nearest") == values(nearest, "features_nearest")


def test_the_signs_of_memorisation_are_the_metrics(opened):
    signs = explore(opened, few_features(opened), samples=30).tables[1]
    test = opened.split()
    sets = [opened.split("train").read(0, 1297), sample(opened.model, 0, 0, 30), spread(test, 30)]
    expected = memorisation.compute(*(features_of(few_features(opened), one) for one in sets))
    assert values(signs, "c_t") == [expected["c_t"]]
    assert values(signs, "train_share") == [expected["train_share"]]
    assert [table.name for table in explore(opened, few_features(opened), samples=3).tables] == ["distances", "nearest"]


def test_held_out_images_are_as_close_as_they_are(opened):
    table = explore(opened, few_features(opened), samples=40).tables[0]
    training, test = opened.split("train"), opened.split()
    rows = np.linspace(0, test.count - 1, 40).round().astype(int)
    every = (test.take(rows)[:, None].astype(float) - training.take(range(training.count))) / 255
    nearest = np.sqrt((every**2).mean(axis=(2, 3, 4))).min(axis=1)
    assert values(table, "median")[1] == pytest.approx(np.median(nearest), rel=1e-9)


def test_a_drawn_part_of_the_training_set_is_said(opened):
    found = explore(opened, few_features(opened), samples=5, limit=50)
    assert found.about["training_images"] == 50
    assert found.notes == ("neighbours among 50 drawn training images only",)
    whole = explore(opened, few_features(opened), samples=5)
    assert values(found.tables[0], "least")[0] >= values(whole.tables[0], "least")[0]


def test_all_files_are_written_the_same_ones_every_time(opened, tmp_path):
    for place in "ab":
        write(explore(opened, few_features(opened), samples=9, shown=2, k=2), tmp_path / place)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / place).iterdir()} for place in "ab")
    assert first == second
    tables, pictures = {"distances", "memorisation", "nearest"}, {"pixels", "features", "distances"}
    assert set(first) == {
        "explore.json",
        "pictures.webp",
        *(f"{one}.csv" for one in tables),
        *(f"{one}.png" for one in pictures),
    }


def test_a_translation_is_compared_with_the_domain_that_it_makes(tmp_path):
    folder = tiny_run(tmp_path, "cyclegan", "edges2shapes", steps=1)
    arguments = ["explore", "neighbours", str(folder), "--extractor", "pixels", "--samples", "4", "--limit", "30"]
    assert "choose --direction" in CliRunner().invoke(main, arguments).stderr
    result = CliRunner().invoke(main, [*arguments, "--direction", "x-to-y", "--json"])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["tables"]["distances"]["rows"]
    opened = open_run(folder)
    shapes = opened.split("train", 1)
    drawn = np.sort(np.random.RandomState(0).choice(shapes.count, 30, replace=False))
    held_out = opened.split("test", 1)
    queries = held_out.take(np.linspace(0, held_out.count - 1, 4).round().astype(int))
    expected = nearest_images(queries, array_split(shapes.take(drawn)), 1).distances
    assert rows[1]["least"] == pytest.approx(expected.min(), rel=1e-12)


@pytest.mark.parametrize("wrong", [{"shown": 0}, {"k": 0}, {"samples": 0}, {"limit": 0}, {"k": 2000}, {"limit": 3}])
def test_nothing_to_compare_is_refused(opened, wrong):
    with pytest.raises(InputError, match="expected at least 1"):
        explore(opened, few_features(opened), **wrong)


def test_a_direction_of_a_model_of_noise_is_refused(opened):
    arguments = ["explore", "neighbours", str(opened.folder), "--extractor", "pixels", "--direction", "x-to-y"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "no --direction" in result.stderr
