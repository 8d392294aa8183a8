"""What made images should be of: it comes with the images of a conditional model, and with translations."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from tiny_runs import pixels, tiny_run

import bench
from bench.cli import main
from bench.exploring._opening import open_run
from bench.measuring.evaluation import open_evaluation
from bench.runs.made_labels import of_run
from bench.runs.samples import generate, load_generated, save_generated
from bench.sources import open_source
from bench.storage.typed import values_of
from metrics.errors import InputError
from reference_models.loop import Noise, sample

DIGITS = set("0123456789")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of tiny runs: a conditional model, one without classes, one that translates digits both ways."""
    folder = tmp_path_factory.mktemp("runs")
    trained = {"cgan": "digits", "dcgan": "digits", "cyclegan-emoji": "digits2styles"}
    return {model: tiny_run(folder, model, dataset) for model, dataset in trained.items()}


def test_images_of_a_conditional_model_carry_the_classes_that_it_was_asked_for(runs, tmp_path):
    made = bench.sample(runs["cgan"], count=12, seed=3, output=tmp_path / "all.npz")
    assert made.labels == open_source(tmp_path / "all.npz").labels == tuple(map(str, Noise(3, 0, 12).labels(10)))
    made = bench.sample(runs["cgan"], count=5, classes="7,3", output=tmp_path / "two.npz")
    assert made.labels == open_source(tmp_path / "two.npz").labels == ("7", "3", "7", "3", "7")


def test_the_labels_of_rows_depend_on_the_seed_and_on_their_number_only():
    whole = Noise(7, 0, 400).labels(10)
    assert np.array_equal(whole[130:250], Noise(7, 130, 250).labels(10))
    assert not np.array_equal(whole, Noise(8, 0, 400).labels(10))
    assert whole[:8].tolist() == [8, 7, 8, 0, 2, 4, 7, 0]


def test_labels_are_as_uneven_as_independent_draws():
    counts = np.array([np.bincount(Noise(seed, 0, 250).labels(10), minlength=10) for seed in range(400)])
    squares = ((counts - 25) ** 2 / 25).sum(axis=1)  # chi squared of 9 degrees of freedom: mean 9, variance 18
    assert abs(squares.mean() - 9) < 3 * np.sqrt(18 / 400)


def test_labels_do_not_follow_the_noise():
    rows = Noise(0, 0, 4_000)
    first = rows.uniform(4)[:, 0].numpy()
    assert abs(np.corrcoef(first, rows.labels(10))[0, 1]) < 3 / np.sqrt(4_000)


def test_an_earlier_protocol_asks_for_labels_in_turn_and_has_its_earlier_id(runs):
    opened = open_run(runs["cgan"])
    evaluation = open_evaluation(opened.subject, pixels(opened))
    assert evaluation.protocol.labels == "drawn"
    earlier = replace(evaluation, protocol=replace(evaluation.protocol, labels="in turn"))
    assert "labels" not in values_of(earlier.protocol)
    count = evaluation.count()
    in_turn = sample(opened.model, 0, 0, count, labels=np.arange(count) % 10)
    made = generate(opened.model, "class-conditional", earlier)
    assert np.array_equal(made["generated", ""], in_turn)
    assert of_run(opened.model, earlier, made)["generated", ""][:11] == (*"0123456789", "0")
    assert not np.array_equal(generate(opened.model, "class-conditional", evaluation)["generated", ""], in_turn)


def test_stored_samples_with_labels_in_turn_are_not_measured_as_drawn_ones(runs, tmp_path):
    opened = open_run(runs["cgan"])
    evaluation = open_evaluation(opened.subject, pixels(opened))
    made = {("generated", ""): np.zeros((evaluation.count(), 1, 32, 32), np.uint8)}
    save_generated(tmp_path, made, labels={("generated", ""): ("0",) * evaluation.count()})
    assert load_generated(tmp_path, opened.subject)
    with pytest.raises(InputError, match="labels are in turn, the protocol asks for labels that are drawn"):
        load_generated(tmp_path, opened.subject, "drawn")


def test_labels_are_no_part_of_the_digest(runs, tmp_path):
    made = bench.sample(runs["cgan"], count=4, output=tmp_path / "made.npz")
    assert open_source(tmp_path / "made.npz").digest == open_source(made.images).digest


def test_a_model_without_classes_gives_none(runs, tmp_path):
    assert bench.sample(runs["dcgan"], count=2, output=tmp_path / "made.npz").labels == ()
    assert np.load(tmp_path / "made.npz").files == ["arr_0"]


def test_translations_have_the_classes_of_what_was_translated(runs, tmp_path):
    made = bench.sample(runs["cyclegan-emoji"], count=6, direction="x-to-y", output=tmp_path / "made.npz")
    domain = open_run(runs["cyclegan-emoji"]).subject.domains[0]
    assert made.labels == open_source(f"digits2styles:test/{domain}").labels[:6]


def test_the_samples_of_a_run_carry_their_labels_and_are_read_as_before(runs, tmp_path):
    for name, task in (("cgan", "conditional"), ("cyclegan-emoji", "unpaired")):
        opened = open_run(runs[name])
        evaluation = open_evaluation(opened.subject, pixels(opened))
        made = generate(opened.model, task, evaluation)
        labels = of_run(opened.model, evaluation, made)
        assert set(labels["generated", opened.subject.labels[0]]) == DIGITS
        assert all(len(one) == evaluation.count(domain) for (_, domain), one in labels.items())
        folder = tmp_path / name
        folder.mkdir()
        save_generated(folder, made, opened.subject.dataset.translated, labels)
        again = load_generated(folder, opened.subject)
        assert all(np.array_equal(again[key], images) for key, images in made.items())
        first = sorted(folder.glob("samples*.npz"))[0]
        assert set(open_source(first).labels) == DIGITS


def test_samples_of_a_run_are_measured_by_their_labels_with_nothing_said(runs, tmp_path):
    bench.sample(runs["cgan"], count=20, output=tmp_path / "made.npz")
    words = ("score", "digits:test", str(tmp_path / "made.npz"), "--metrics", "classifier-agreement")
    found = CliRunner().invoke(main, [*words, "--extractor", "digits-cnn"])
    assert found.exit_code == 0
    assert "Agreement of digits:test " in found.output
    assert "Agreement of made " in found.output
