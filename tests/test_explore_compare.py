"""Checkpoints side by side: their names, the same input for all, what is measured, and what cannot be compared."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tiny_runs import tiny_run, values

from bench import registry
from bench.cli import main
from bench.exploring import open_run, write
from bench.exploring._naming import names_of, setting_words
from bench.exploring.compare import explore
from bench.measuring.evaluation import evaluate, find_measure, open_evaluation
from bench.runs.samples import generate
from metrics.errors import InputError
from reference_models.loop import read_curve, sample, translate, with_settings
from reference_models.loop.grids import spread


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def plain(place):
    return open_run(tiny_run(place, "dcgan"))


@pytest.fixture(scope="module")
def reseeded(place):
    return open_run(tiny_run(place, "dcgan", seed=1))


@pytest.fixture(scope="module")
def translators(place):
    """CycleGANs with lambda 0 and 10."""
    runs = [tiny_run(place, "cyclegan", "edges2shapes", cycle_weight=weight) for weight in (0.0, 10.0)]
    return [open_run(run) for run in runs]


# ----- names


def test_one_setting_that_differs_stands_in_every_name(translators):
    assert names_of(translators) == ["cycle_weight=0", "cycle_weight=10"]


def test_two_seeds_are_named_by_them(plain, reseeded):
    assert names_of([plain, reseeded]) == ["seed 0", "seed 1"]


def test_of_several_settings_those_that_are_not_the_recipes_stand_in_a_name(place):
    recipe = {"batch_size": 32, "lr": 5e-4}  # what the recipe for digits has of these two
    runs = [{}, {"batch_size": 4}, {"lr": 1e-3}, {"batch_size": 4, "lr": 1e-3}]
    opened = [open_run(tiny_run(place / "several", "dcgan", **{**recipe, **changes})) for changes in runs]
    first = opened[0].loaded
    assert {name: getattr(first.spec.recipe("digits"), name) for name in recipe} == recipe
    assert names_of(opened) == ["recipe", "batch_size=4", "lr=0.001", "lr=0.001, batch_size=4"]


def test_an_average_that_only_one_of_them_has_stands_in_its_name(place, plain):
    spec = registry.load("models", "dcgan")
    config = with_settings(spec.recipes["tiny"], ["average=0.9"])
    averaged = open_run(tiny_run(place / "averaged", "dcgan", config=config))
    assert names_of([plain, averaged]) == ["recipe", "average=0.9"]
    assert setting_words([averaged, plain]) == {"average": ["0.9", None]}


def test_steps_stand_in_a_name_only_where_nothing_else_differs(plain, reseeded, place):
    longer = open_run(tiny_run(place / "longer", "dcgan", steps=3))
    assert names_of([plain, longer]) == ["2 steps", "3 steps"]
    assert names_of([reseeded, longer]) == ["seed 1", "seed 0"]


def test_checkpoints_of_different_steps_are_said_to_be_so(plain, place):
    longer = open_run(tiny_run(place / "longest", "dcgan", steps=4))
    said = "the columns have different numbers of steps (2, 4), so not only their settings differ"
    assert said in explore([plain, longer]).notes
    assert not any("steps" in note for note in explore([plain, plain]).notes)


def test_equal_checkpoints_are_numbered(plain):
    assert names_of([plain, plain]) == ["(1)", "(2)"]


def test_two_models_are_named_as_such(plain, place):
    other = open_run(tiny_run(place, "gan"))
    assert names_of([plain, other]) == ["dcgan", "gan"]


# ----- what is compared


def test_the_same_checkpoint_twice_is_nothing_apart_and_another_seed_is(plain, reseeded):
    _, images, losses = explore([plain, plain, reseeded]).tables
    apart = values(images, "apart")
    assert apart[:2] == [0, 0]
    difference = (sample(plain.model, 0, 0, 32) - sample(reseeded.model, 0, 0, 32).astype(float)) / 255
    assert apart[2] == pytest.approx(np.sqrt((difference**2).mean(axis=(1, 2, 3))).mean(), rel=1e-9)
    assert values(losses, "loss") == ["generator", "discriminator"] * 3
    assert values(losses, "mean")[0] == pytest.approx(read_curve(plain.folder / "losses.csv")["generator"][-1])


def test_a_translation_is_held_against_its_input_its_way_back_and_its_partner(translators):
    opened = translators[0]
    images = explore(translators).tables[1]
    assert values(images, "what") == ["edges to shapes"] * 2 + ["shapes to edges"] * 2
    edges, shapes = (spread(opened.split(domain=domain), 32) for domain in (0, 1))
    there = translate(opened.model, edges, "x-to-y")
    back = translate(opened.model, there, "y-to-x")
    for key, a, b in (("change", there, edges), ("error", there, shapes), ("cycle", back, edges)):
        expected = np.sqrt((((a - b.astype(float)) / 255) ** 2).mean(axis=(1, 2, 3))).mean()
        assert values(images, key)[0] == pytest.approx(expected, rel=1e-9)


def test_models_that_reconstruct_are_shown_the_same_images_too(place):
    opened = [open_run(tiny_run(place, "vae", zdim=zdim)) for zdim in (2, 3)]
    images = explore(opened).tables[1]
    assert values(images, "what") == ["the same noise"] * 2 + ["the same images"] * 2
    assert values(images, "error")[:2] == [None, None]
    assert all(value > 0 for value in values(images, "error")[2:])


def test_measured_adds_the_fid_of_the_protocol(plain, reseeded):
    evaluation = open_evaluation(plain.subject, find_measure(plain.subject, "digits-cnn", workers=0))
    table = explore([plain, reseeded], evaluation).tables[0]
    result = evaluate(evaluation, generate(reseeded.model, "generate", evaluation))
    fid = next(pair for pair in result.pairs if pair.b == "generated").scores["fid"]
    assert values(table, "fid")[1] == fid["fid_corrected"]
    assert values(table, "fid", "high")[1] == fid["fid_high"]


def test_the_files_are_the_same_every_time_and_the_figure_has_a_column_each(plain, reseeded, tmp_path):
    for name in "ab":
        write(explore([plain, reseeded], count=4), tmp_path / name)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "ab")
    assert first == second
    assert set(first) == {"explore.json", "checkpoints.csv", "images.csv", "losses.csv", "compare.png", "pictures.webp"}
    write(explore([plain, reseeded, plain], count=4), tmp_path / "three")
    with Image.open(tmp_path / "a" / "compare.png") as two, Image.open(tmp_path / "three" / "compare.png") as three:
        assert three.width - two.width > 200


def test_a_checkpoint_without_its_curves_is_said(plain, reseeded, tmp_path):
    alone = tmp_path / "alone.safetensors"
    shutil.copyfile(reseeded.path, alone)
    found = explore([plain, open_run(alone)])
    assert found.notes == ("no curves of seed 1: no losses.csv is beside the checkpoint",)
    write(found, tmp_path / "out")


# ----- what cannot be compared


def test_one_checkpoint_is_not_enough(plain):
    with pytest.raises(InputError, match="at least 2"):
        explore([plain])


def test_checkpoints_of_other_data_or_of_another_kind_are_not_compared(plain, translators, place):
    with pytest.raises(InputError, match="one data set"):
        explore([plain, open_run(tiny_run(place / "other", "dcgan", "shapes"))])
    with pytest.raises(InputError, match="one data set"):
        explore([plain, translators[0]])
    with pytest.raises(InputError, match="models of one kind"):
        explore([translators[0], open_run(tiny_run(place, "pix2pix", "edges2shapes"))])


def test_the_command_takes_several_folders(translators, tmp_path):
    folders = [str(one.folder) for one in translators]
    result = CliRunner().invoke(main, ["explore", "compare", *folders, "-o", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert [one["name"] for one in printed["checkpoints"]] == ["cycle_weight=0", "cycle_weight=10"]
    assert (tmp_path / "out" / "compare.png").is_file()
    alone = CliRunner().invoke(main, ["explore", "compare", folders[0]])
    assert alone.exit_code == 2
    assert "at least 2" in alone.stderr
