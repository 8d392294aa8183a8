"""Truncation: without a bound it is the plain sampling, and what is measured is the protocol's."""

import math

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tiny_runs import pixels, tiny_run, values

from bench.cli import main
from bench.exploring import open_run, write
from bench.exploring._levels import mean_interval
from bench.exploring.truncation import _apart, explore
from bench.measuring.evaluation import evaluate, find_measure, open_evaluation
from bench.runs.samples import generate
from metrics.errors import InputError
from reference_models.loop import sample

INF = math.inf


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    return open_run(tiny_run(tmp_path_factory.mktemp("truncation"), "dcgan"))


@pytest.fixture(scope="module")
def evaluation(opened):
    return open_evaluation(opened.subject, find_measure(opened.subject, workers=0, cache=False))


@pytest.mark.parametrize("name", ["dcgan", "biggan"])
def test_without_a_bound_it_is_what_the_run_is_measured_with(name, opened, tmp_path, monkeypatch):
    monkeypatch.setattr("reference_models.biggan.STATISTICS_RUNS", 2)
    model = opened if name == "dcgan" else open_run(tiny_run(tmp_path, name))
    judged = open_evaluation(model.subject, find_measure(model.subject, workers=0, cache=False))
    plain = evaluate(judged, generate(model.model, model.loaded.spec.task, judged))
    pair = next(one for one in plain.pairs if one.b == "generated").scores
    one = next(one for one in plain.sets if one.name == "generated").scores["inception-score"]
    table = explore(model, judged, bounds=[0.5, INF], repeats=1).tables[0]
    assert values(table, "bound") == ["∞", "0.5", "real 2"]
    assert values(table, "fid")[0] == pair["fid"]["fid"]
    assert values(table, "fid_corrected", "low")[0] == pair["fid"]["fid_low"]
    assert values(table, "inception_score")[0] == one["inception_score"]
    assert [values(table, key)[0] for key in ("precision", "recall")] == [
        pair["prdc"][key] for key in ("precision", "recall")
    ]
    real = next(one for one in plain.pairs if one.b == "real 2").scores
    assert values(table, "fid")[-1] == real["fid"]["fid"]


def test_the_opened_model_is_left_as_it_was(opened, evaluation):
    before = {name: value.clone() for name, value in opened.model.state_dict().items()}
    images = sample(opened.model, 0, 0, 3)
    explore(opened, evaluation, bounds=[0.1], repeats=1)
    assert opened.model.truncation == INF
    assert all(torch.equal(before[name], value) for name, value in opened.model.state_dict().items())
    assert np.array_equal(sample(opened.model, 0, 0, 3), images)


def test_the_repeats_give_precision_and_recall_an_interval(opened, evaluation):
    table = explore(opened, evaluation, bounds=[1.0], repeats=3).tables[0]
    for key in ("precision", "recall"):
        low, mean, high = (values(table, key, end)[0] for end in ("low", "value", "high"))
        assert 0 <= low <= mean <= high <= 1
        assert values(table, key, "low")[-1] is None  # real 2 is one set


def test_the_interval_of_a_mean_is_students():
    mean, low, high = mean_interval([0.4, 0.5, 0.6])
    half = 4.302652729911275 * 0.1 / math.sqrt(3)  # t distribution, 2 degrees of freedom, 97.5 %
    assert (mean, low, high) == pytest.approx((0.5, 0.5 - half, 0.5 + half))
    assert mean_interval([0.0, 0.5])[1:] == (0.0, 1.0)  # shares stay shares
    assert mean_interval([0.3]) == (0.3, None, None)


def test_words_of_points_that_lie_together_are_left_away():
    x, y = np.array([0.0, 0.01, 1.0]), np.array([5.0, 5.0, 9.0])
    assert _apart(["∞", "2", "1"], x, y) == ["∞", "", "1"]


def test_all_files_are_written_the_same_ones_every_time(opened, evaluation, tmp_path):
    for place in "ab":
        write(explore(opened, evaluation, bounds=[INF, 0.5], repeats=2), tmp_path / place)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / place).iterdir()} for place in "ab")
    assert first == second
    assert set(first) == {"explore.json", "pictures.webp", "truncation.csv", "curve.png", "samples.png"}


def test_without_a_classifier_there_is_no_inception_score(opened, tmp_path):
    evaluation = open_evaluation(opened.subject, pixels(opened))
    found = explore(opened, evaluation, bounds=[INF], repeats=1)
    assert "inception_score" not in [one.key for one in found.tables[0].columns]
    write(found, tmp_path / "out")


def test_progress_counts_the_images_of_all_bounds(opened, evaluation):
    told = []
    explore(opened, evaluation, bounds=[1.0, 1.0, 0.5], repeats=1, report=lambda *words: told.append(words))
    assert told == [("samples", 250, 500), ("samples", 500, 500)]


@pytest.mark.parametrize(("bounds", "repeats"), [([], 1), ([1.0, 0.0], 1), ([-1.0], 1), ([math.nan], 1), ([1.0], 0)])
def test_bounds_that_are_none_are_refused(opened, evaluation, bounds, repeats):
    with pytest.raises(InputError, match="above 0"):
        explore(opened, evaluation, bounds=bounds, repeats=repeats)


def bench(*arguments):
    return CliRunner().invoke(main, ["explore", "truncation", *map(str, arguments)])


def test_the_command_prints_a_row_per_bound(opened):
    result = bench(opened.folder, "--at", "inf,0.5", "--repeats", 1, "--extractor", "digits-cnn")
    assert result.exit_code == 0, result.output
    rows = [line.split()[0] for line in result.stdout.splitlines() if line[:1] in "∞0"]
    assert rows[:2] == ["∞", "0.5"]


def test_a_bound_in_words_is_one_line(opened):
    result = bench(opened.folder, "--at", "half")
    assert result.exit_code == 2
    assert "'half' is not a number" in result.stderr


def test_a_translation_has_no_noise_to_truncate(tmp_path):
    result = bench(tiny_run(tmp_path, "cyclegan", "edges2shapes", steps=1), "--extractor", "pixels")
    assert result.exit_code == 2
    assert "cyclegan makes no images from noise; models that do: " in result.stderr
