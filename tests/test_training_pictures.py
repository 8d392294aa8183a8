"""Samples and pictures of a model, at the end and over its training."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import undrawn
from tiny_training import DATA, TINY, ArrayImages, Painted, exploding, numbered
from tiny_training import run as trained

from reference_models import dcgan, vae
from reference_models.errors import ModelError
from reference_models.loop import Budget, Every, read_curve, reconstruct, sample, train, translate
from reference_models.loop.film import Film, strips
from reference_models.loop.grids import TRIPLES, spread, triples
from reference_models.loop.noise import Noise
from reference_models.loop.plots import running_mean, tile
from reference_models.types import Data, ImageShape

run = partial(trained, drawn=True)

# ---- samples


def test_samples_do_not_depend_on_the_batch_size(tmp_path):
    model = trained(tmp_path, 2).model
    whole = sample(model, 0, 0, 11).astype(int)
    parts = sample(model, 0, 0, 11, batch_size=3).astype(int)
    tail = sample(model, 0, 6, 11).astype(int)
    assert np.abs(whole - parts).max() <= 1  # a value on the edge of two integers may round the other way
    assert np.abs(whole[6:] - tail).max() <= 1


def test_rows_of_an_array_read_backwards_are_taken(tmp_path):
    model = Painted(directions=("x-to-y",))
    images = numbered(3).array
    made = translate(model, images[::-1], "x-to-y", batch_size=2)  # the last batch is one row with a step backwards
    assert (made == 255 - images[::-1]).all()


def test_sampling_leaves_mode_and_random_generator_as_they_were(tmp_path):
    model = trained(tmp_path, 1).model.train()
    torch.manual_seed(0)
    sample(model, 0, 0, 2)
    assert model.training
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_a_task_that_the_model_does_not_have_is_refused():
    model = dcgan.MODEL.build(TINY, ImageShape(1, 16, 16), 0)
    with pytest.raises(ModelError, match="does not translate"):
        translate(model, numbered(2).array, "x-to-y")
    with pytest.raises(NotImplementedError):
        reconstruct(model, numbered(2).array)


def test_labels_are_drawn_unless_they_are_given():
    model = Painted(noise_dim=2, classes=3)
    drawn = [80 * label for label in Noise(0, 2, 7).labels(3)]
    assert sample(model, 0, 2, 7)[:, 0, 0, 0].tolist() == drawn
    assert sample(model, 0, 0, 2, labels=np.array([2, 2]))[:, 0, 0, 0].tolist() == [160, 160]


def test_a_conditional_model_gets_a_grid_with_one_row_per_label(tmp_path):
    images = replace(numbered(6), labels=np.arange(6) % 3)
    data = replace(DATA, train=(images,), classes=("nought", "one", "two"))
    spec = replace(exploding(), task="class-conditional", build=lambda config, shape, n: Painted(2, n))
    result = run(tmp_path, 1, spec, data=data)
    assert (tmp_path / "samples.png").exists()
    assert result.losses == {}


def test_a_one_way_translation_shows_input_output_and_target(tmp_path):
    data = replace(DATA, train=(numbered(6), numbered(6)), paired=True, domains=("photo", "sketch"))
    spec = replace(exploding(), task="paired", build=lambda config, shape, n: Painted(directions=("x-to-y",)))
    run(tmp_path, 1, spec, data=data)
    assert (tmp_path / "translations.png").exists()
    assert not list(tmp_path.glob("translation-*.png"))


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("x-to-y", ("input photo", "output sketch", "target sketch")),
        ("y-to-x", ("input sketch", "output photo", "target photo")),
    ],
)
def test_input_output_and_target_follow_the_direction(direction, words):
    domains = (numbered(6), ArrayImages(100 + numbered(6).array))
    data = replace(DATA, train=domains, paired=True, domains=("photo", "sketch"))
    shown, columns = triples(Painted(directions=(direction,)), data)
    given, wanted = (spread(images, TRIPLES) for images in (domains if direction == "x-to-y" else domains[::-1]))
    assert columns == words
    assert np.array_equal(shown, np.stack([given, 255 - given, wanted], axis=1))


def test_tiles_stand_row_by_row_with_white_between():
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] + np.zeros((3, 1, 2, 2), np.uint8)
    sheet = tile(images, 2)
    assert sheet.shape == (6, 6, 3)
    assert (sheet[0, 0, 0], sheet[0, 4, 0], sheet[4, 0, 0], sheet[4, 4, 0], sheet[0, 2, 0]) == (0, 1, 2, 255, 255)


def test_the_running_mean_starts_with_what_there_is():
    assert running_mean(np.array([1.0, 3.0, 5.0, 7.0]), 2).tolist() == [1, 2, 4, 6]


# ---- over the training


def film(folder):
    with np.load(folder / "grids" / "film.npz") as stored:
        return {name: stored[name] for name in stored.files}


def test_the_film_shows_the_same_noise_at_every_moment(tmp_path):
    model = run(tmp_path, 5, grid_every=2).model
    found = film(tmp_path)
    assert found["steps"].tolist() == [0, 2, 4, 5]
    assert found["samples"].shape == (4, 36, 1, 16, 16)
    assert (found["samples"][-1] == sample(model, 0, 0, 36)).all()
    assert (tmp_path / "sample-grids.png").exists()


def test_the_film_of_a_resumed_run_is_that_of_the_straight_one(tmp_path):
    trained(tmp_path / "straight", 6, grid_every=2)
    trained(tmp_path / "resumed", 4, grid_every=2)
    path = tmp_path / "resumed" / "grids" / "film.npz"
    stored = film(tmp_path / "resumed")
    later = {name: np.concatenate([array, array[-1:]]) for name, array in stored.items() if name != "steps"}
    np.savez(path, steps=[*stored["steps"], 5], **later)  # a moment after the checkpoint, as a crash leaves it
    trained(tmp_path / "resumed", 6, grid_every=2, resume=True)
    straight, resumed = film(tmp_path / "straight"), film(tmp_path / "resumed")
    assert straight["steps"].tolist() == resumed["steps"].tolist() == [0, 2, 4, 6]
    assert (straight["samples"] == resumed["samples"]).all()


def test_a_disk_that_is_full_for_a_picture_is_named_with_it(tmp_path, monkeypatch):
    def full(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match=r"cannot write .*samples-0000000\.png \(No space left on device\); free some"):
        run(tmp_path, 1)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_film_that_is_cut_is_named(tmp_path):
    trained(tmp_path, 2)
    path = tmp_path / "grids" / "film.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"film\.npz cannot be read"):
        trained(tmp_path, 4, resume=True)


def test_a_picture_over_the_training_has_six_moments_at_most(tmp_path):
    film = Film(tmp_path / "film.npz", -1)
    for step in range(0, 110, 10):
        film.append(step, {"samples": np.full((2, 1, 4, 4), step, np.uint8)})
    steps, strips = film.chosen(6)
    assert steps == [0, 20, 40, 60, 80, 100]
    assert strips["samples"][:, 0, 0, 0, 0].tolist() == steps


def test_a_vae_shows_samples_and_reconstructions_over_its_training(tmp_path):
    run(tmp_path, 2, vae.MODEL, vae.MODEL.recipes["tiny"])
    assert {"samples-over-training.png", "reconstructions-over-training.png"} <= {
        path.name for path in tmp_path.iterdir()
    }
    assert film(tmp_path)["reconstructions"].shape == (2, 6, 1, 16, 16)


@pytest.mark.parametrize("paired", [True, False])
def test_a_translation_is_followed_in_both_directions(tmp_path, paired):
    data = replace(DATA, train=(numbered(6), numbered(6)), paired=paired, domains=("photo", "sketch"))
    ways = ("x-to-y", "y-to-x")
    spec = replace(exploding(), task="unpaired", build=lambda config, shape, n: Painted(directions=ways))
    run(tmp_path, 1, spec, data=data)
    assert (tmp_path / "translations-over-training.png").exists()
    assert {name: array.shape for name, array in film(tmp_path).items() if name in ways} == dict.fromkeys(
        ways, (2, 3, 1, 16, 16)
    )


def test_large_images_are_averaged_down_in_the_film(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (3, 3, 258, 258), np.uint8)
    model = Painted(directions=("x-to-y",))
    data = Data("large", ImageShape(3, 258, 258), (ArrayImages(values), ArrayImages(values)))
    found = strips(exploding(), model, data, 0)["x-to-y"]
    mean = (255 - values[:, :, :258, :258]).reshape(3, 3, 86, 3, 86, 3).mean((3, 5))
    assert found.shape == (3, 3, 86, 86)
    assert np.abs(found - mean).max() <= 0.5


def test_a_budget_of_minutes_makes_pictures_by_the_clock(tmp_path, monkeypatch):
    now = [0.0]

    def later():
        now[0] += 0.5  # seconds between any two looks at the clock
        return now[0]

    monkeypatch.setattr("reference_models.loop.run.time.monotonic", later)
    undrawn(monkeypatch, ("draw_curves", "draw_film"))
    options = {"device": "cpu", "progress": False}
    train(dcgan.MODEL, TINY, DATA, folder=tmp_path, budget=Budget(minutes=1), **options)
    assert 8 <= len(list((tmp_path / "grids").glob("*.png"))) <= 12


def test_an_interval_in_epochs_is_rounded_up_to_whole_steps():
    config = replace(TINY, batch_size=4)  # 10 images: 2.5 steps in an epoch
    assert Every(epochs=1).in_steps(config, DATA) == 3
    assert Every(epochs=10).in_steps(config, DATA) == 25
    assert Every(steps=7).in_steps(config, DATA) == 7
    assert Every().in_steps(config, DATA) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"steps": 0}, "every 0 steps"),
        ({"epochs": -1}, "every -1 epochs"),
        ({"steps": 1, "epochs": 1}, "one of the two"),
    ],
)
def test_an_interval_that_is_none_is_refused(given, said):
    with pytest.raises(ModelError, match=said):
        Every(**given)


def test_weights_and_biases_is_given_the_same_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="wandb is not installed")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    trained(tmp_path, 2, evaluate=lambda model: {"error": 0.5}, grid_every=2, log="wandb")
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    (stored,) = folder.glob("*.wandb")
    names = (b"losses/generator", b"evaluation/error", b"samples")
    ends = time.monotonic() + 60  # a process of its own writes what it was given
    while time.monotonic() < ends and not all(name in stored.read_bytes() for name in names):
        time.sleep(0.05)
    assert [name for name in names if name not in stored.read_bytes()] == []
    assert list(folder.glob("files/media/images/samples_*.png"))


def test_tensorboard_is_given_losses_numbers_and_pictures(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    options = {"evaluate": lambda model: {"error": 0.5}, "evaluate_every": 2, "grid_every": 2, "log": "tensorboard"}
    trained(tmp_path, 3, **options)
    trained(tmp_path, 5, resume=True, **options)
    events = EventAccumulator(str(tmp_path / "tensorboard"), {"scalars": 0, "images": 0})  # all that there are
    events.Reload()
    assert [event.step for event in events.Scalars("losses/generator")] == [1, 2, 3, 4, 5]
    assert {event.step for event in events.Scalars("evaluation/error")} == {0, 2, 3, 4, 5}
    assert {event.step for event in events.Images("samples")} == {0, 2, 3, 4, 5}
    curve = read_curve(tmp_path / "losses.csv")["generator"]
    assert [event.value for event in events.Scalars("losses/generator")] == pytest.approx(
        curve, rel=1e-6
    )  # seven digits
