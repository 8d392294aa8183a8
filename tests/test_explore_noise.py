"""Paths in the space of noise, one number of it at a time, and what every exploration writes."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tiny_runs import pixels, tiny_run

import bench as bench_api
from bench import registry
from bench.cli import main
from bench.exploring import open_run, write
from bench.exploring._paths import Steps, linear, pixel_steps, spherical
from bench.exploring.noise import explore, interpolate
from bench.weights import MissingWeights
from metrics.errors import InputError
from reference_models.loop import Noise, sample

ENDS = np.array([0.0, 1.0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("noise"), "dcgan")


@pytest.fixture(scope="module")
def found(folder):
    opened = open_run(folder)
    return explore(opened, pixels(opened), pairs=2, steps=3, dims=2)


def bench(*arguments):
    return CliRunner().invoke(main, [str(one) for one in ("explore", *arguments)], prog_name="bench")


def refused(*arguments):
    result = bench(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr.strip().splitlines()[-1]


# ----- paths


def test_the_middle_between_orthogonal_unit_vectors_is_on_the_sphere():
    a, b = np.eye(2, dtype=np.float32)
    points = spherical(a, b, np.array([1 / 3, 0.5]))
    expected = [[np.cos(np.pi / 6), np.sin(np.pi / 6)], [np.sqrt(0.5), np.sqrt(0.5)]]
    assert points == pytest.approx(np.array(expected), abs=1e-7)  # float32
    assert linear(a, b, np.array([0.5])).tolist() == [[0.5, 0.5]]


def test_a_spherical_path_turns_at_a_constant_rate_and_keeps_the_length():
    a, b = Noise(0, 0, 2).normal(50).numpy()
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    points = spherical(a, b, np.linspace(0, 1, 9))
    assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(9), abs=1e-6)  # float32
    turns = np.arccos((points[1:] * points[:-1]).sum(axis=1))
    assert turns == pytest.approx(np.full(8, turns.mean()), rel=1e-3)  # arccos near 1 loses half the digits


@pytest.mark.parametrize("path", [linear, spherical])
def test_the_ends_of_a_path_are_its_ends_bit_for_bit(path):
    a, b = Noise(0, 0, 2).normal(100).numpy()
    points = path(a, 3 * b, ENDS)
    assert np.array_equal(points, np.stack([a, 3 * b]))


def test_a_spherical_path_of_parallel_ends_is_the_line_and_of_opposite_ones_is_refused():
    a = np.array([1.0, 2.0])
    assert np.array_equal(spherical(a, 2 * a, np.array([0.5])), 1.5 * a[None])
    with pytest.raises(ValueError, match="opposite"):
        spherical(a, -a, ENDS)


def test_an_even_path_has_a_largest_step_of_one_and_a_jump_all_of_it():
    even = np.arange(0, 250, 50, dtype=np.uint8).reshape(5, 1, 1, 1)
    steps = pixel_steps(even)
    assert steps.length == pytest.approx(steps.direct) == pytest.approx(200 / 255)
    assert steps.largest == pytest.approx(1)
    jump = pixel_steps(np.where(even > 100, 255, 0).astype(np.uint8))
    assert (jump.length, jump.largest) == (pytest.approx(1), pytest.approx(4))


def test_a_path_on_which_nothing_changes_is_even():
    assert Steps(np.zeros(4), 0.0).largest == 1


# ----- the exploration


def test_the_ends_of_an_interpolation_are_the_samples_of_its_noise(folder):
    opened = open_run(folder)
    a, b = Noise(7, 0, 2).normal(opened.model.noise_dim).numpy()
    for way in ("linear", "spherical"):
        assert np.array_equal(interpolate(opened.generator, a, b, ENDS, way=way), sample(opened.model, 7, 0, 2))


def test_the_numbers_are_those_of_the_images(folder, found):
    model = open_run(folder).model
    paths = {(row[0].value, row[1].value): row for row in found.tables[0].rows}
    ends = sample(model, 0, 2, 4) / 255
    direct = np.sqrt(((ends[0] - ends[1]) ** 2).mean())
    assert paths[2, "linear"][3].value == pytest.approx(direct, rel=1e-6)  # a pixel may round the other way in a batch
    assert paths[2, "spherical"][2].value > paths[2, "linear"][2].value  # the sphere keeps the length of the noise
    assert len(found.tables[1].rows) == model.noise_dim
    effects = [row[1].value for row in found.tables[1].rows]
    assert effects == sorted(effects, reverse=True)


def test_the_same_checkpoint_gives_the_same_files(found, folder, tmp_path):
    opened = open_run(folder)
    again = explore(opened, pixels(opened), pairs=2, steps=3, dims=2)
    for place, one in (("a", found), ("b", again)):
        write(one, tmp_path / place)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / place).iterdir()} for place in "ab")
    assert first == second
    assert set(first) == {
        "explore.json",
        "pictures.webp",
        "paths.csv",
        "numbers.csv",
        "interpolation.png",
        "path.png",
        "one-number.png",
    }


def test_a_model_with_classes_keeps_its_label_along_a_path(tmp_path):
    opened = open_run(tiny_run(tmp_path, "cgan"))
    a, b = Noise(0, 2, 4).normal(opened.model.noise_dim).numpy()
    images = interpolate(opened.generator, a, b, ENDS, label=3)
    assert np.array_equal(images, sample(opened.model, 0, 2, 4, labels=np.array([3, 3])))
    assert explore(opened, pixels(opened), pairs=1, steps=2, dims=1).about["model"] == "cgan"


def test_noise_of_one_number_has_a_line_only(tmp_path):
    opened = open_run(tiny_run(tmp_path, "train-copies"))
    found = explore(opened, pixels(opened), pairs=2, steps=2, dims=5)
    assert [row[1].value for row in found.tables[0].rows] == ["linear", "linear"]


def test_without_an_extractor_everything_is_drawn_but_distances_of_features(folder, found, tmp_path):
    bare = explore(open_run(folder), None, pairs=2, steps=3, dims=2)
    cells = [[cell.value for cell in row] for row in bare.tables[0].rows]
    assert [row[:6] for row in cells] == [[cell.value for cell in row[:6]] for row in found.tables[0].rows]
    assert {value for row in cells for value in row[6:]} == {None}
    assert "distances in features are not measured" in bare.notes[0]
    assert not found.notes
    assert set(bare.pictures) == set(found.pictures)
    write(bare, tmp_path / "bare")


# ----- the command


def test_a_run_is_explored_with_the_extractor_that_measured_it(folder, tmp_path, monkeypatch):
    copy = shutil.copytree(folder, tmp_path / "runs" / folder.name)
    (copy / "measured.json").write_text('{"extractor": "pixels", "resize": "clean"}')
    few = {"pairs": 1, "steps": 2, "dims": 1, "output": tmp_path / "found"}
    about = bench_api.explore("noise", copy, **few).found.about
    assert (about["extractor"], about["resize"]) == ("pixels", "clean")
    about = bench_api.explore("noise", copy, extractor="digits-cnn", **few, force=True).found.about
    assert about["extractor"] == "digits-cnn"


def test_weights_that_are_missing_stop_an_exploration_only_where_they_were_asked_for(folder, tmp_path, monkeypatch):
    def missing(*given, **how):
        raise MissingWeights("none here", registry.load("extractors", "inception"))

    monkeypatch.setattr("bench.measuring.evaluation.measure", missing)
    few = {"pairs": 1, "steps": 2, "dims": 1, "output": tmp_path / "found"}
    assert "extractor" not in bench_api.explore("noise", folder, **few).found.about
    with pytest.raises(InputError, match="none here"):
        bench_api.explore("noise", folder, extractor="inception", **few, force=True)


def test_the_command_writes_beside_the_checkpoint_and_never_over_it(folder):
    arguments = ("noise", folder, "--pairs", 1, "--steps", 2, "--dims", 1, "--extractor", "pixels")
    result = bench(*arguments, "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    place = folder / "explore" / "noise"
    assert printed["folder"] == str(place)
    stored = json.loads((place / "explore.json").read_text())
    assert stored == {name: value for name, value in printed.items() if name not in ("folder", "files")}
    for path in place.glob("*.png"):
        with Image.open(path) as picture:
            assert min(picture.size) > 100
    assert "--force" in refused(*arguments)
    shown = bench(*arguments, "--force")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("Paths. dcgan on digits, seed 0")


def test_a_folder_that_is_no_exploration_is_never_replaced(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    line = refused("noise", folder, "-o", tmp_path / "mine", "--force", "--extractor", "pixels")
    assert "holds something else (it has no explore.json), so it is not replaced" in line
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"


def test_a_model_without_noise_names_those_that_have_some(tmp_path):
    translator = tiny_run(tmp_path, "cyclegan", "edges2shapes", steps=1)
    line = refused("noise", translator, "--extractor", "pixels")
    assert "cyclegan makes no images from noise" in line
    assert "dcgan, " in line
    assert not (translator / "explore").exists()


@pytest.mark.parametrize(("pairs", "steps", "dims"), [(0, 2, 1), (1, 1, 1), (1, 2, 0)])
def test_nothing_to_show_is_refused(folder, pairs, steps, dims):
    opened = open_run(folder)
    with pytest.raises(InputError, match="expected at least"):
        explore(opened, pixels(opened), pairs=pairs, steps=steps, dims=dims)


def test_a_checkpoint_that_is_not_there_is_one_line(tmp_path):
    assert "no checkpoint" in refused("noise", tmp_path)


def test_the_group_lists_its_explorations():
    rows = json.loads(bench("--json").stdout)
    assert {"name", "title"} == set(rows[0])
    assert "noise" in [row["name"] for row in rows]
    assert "noise" in bench().stdout
