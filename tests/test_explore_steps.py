"""Sampling steps: the fewest first, and models that make an image at once are refused."""

import csv
import json

import pytest
from click.testing import CliRunner
from tiny_runs import pixels, tiny_run

from bench.cli import main
from bench.exploring import open_run
from bench.exploring.steps import explore
from bench.measuring.evaluation import open_evaluation
from metrics.errors import InputError
from reference_models.errors import ModelError


def run(*arguments):
    return CliRunner().invoke(main, ["explore", "steps", *map(str, arguments), "--extractor", "pixels"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("steps"), "flow-matching", steps=1, patch=8)


@pytest.fixture(scope="module")
def given(folder):
    opened = open_run(folder)
    return opened, open_evaluation(opened.subject, pixels(opened))


def test_the_command_measures_the_fewest_steps_first_and_draws_them(folder, tmp_path):
    found = run(folder, "--at", "2,1,2", "-o", tmp_path / "out", "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert (told["exploration"], told["repeats"], told["sampling_seed"]) == ("steps", 1, 0)
    with (tmp_path / "out" / "steps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["steps"] for row in rows] == ["1", "2", "real 2"]
    assert rows[0]["fid"] != rows[1]["fid"]
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"curve.png", "samples.png"}


def test_steps_in_words_are_one_line(folder, tmp_path):
    refused = run(folder, "--at", "few", "-o", tmp_path / "out")
    assert refused.exit_code == 2
    assert "'few' is not a whole number; write for example --at 1,10,50" in refused.stderr


@pytest.mark.parametrize(("steps", "repeats"), [([], 1), ([0], 1), ([2], 0)])
def test_steps_that_are_none_are_refused(given, steps, repeats):
    with pytest.raises(InputError, match="whole numbers, all of them 1 or more"):
        explore(*given, steps=steps, repeats=repeats)


def test_a_model_that_makes_an_image_at_once_is_refused(given, tmp_path):
    other = open_run(tiny_run(tmp_path, "train-copies", steps=1))
    with pytest.raises(
        InputError, match="train-copies does not make an image in many steps; models that do: ddpm, flow"
    ):
        explore(other, given[1])


def test_ddpm_has_no_more_steps_than_times(given, tmp_path):
    with pytest.raises(ModelError, match="sampling_steps 1001"):
        explore(open_run(tiny_run(tmp_path, "ddpm", steps=1)), given[1], steps=[1_001])
