"""What a training is given: noise, order of the data, settings, budgets, devices; and what does not fit."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pytest
import torch
from tiny_training import DATA, TINY, numbered, run

from reference_models import dcgan
from reference_models.errors import ModelError
from reference_models.loop import Budget, Noise, estimate, find_device, kept_bytes, to_json, train, with_settings
from reference_models.loop.batches import batches, positions
from reference_models.loop.images import to_float, to_uint8
from reference_models.loop.settings import from_json
from reference_models.types import Data, ImageShape

CPU = torch.device("cpu")

# ---- images and noise


def test_all_256_values_survive_the_way_to_floats_and_back():
    values = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(values)), values)
    assert torch.equal(to_uint8(to_float(values, "0..1"), "0..1"), values)


def test_floats_become_images_by_the_rule_of_edm():
    values = torch.tensor([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0])
    assert to_uint8(values).tolist() == [0, 0, 128, 191, 255, 255]  # floor(x * 127.5 + 128), clipped


@pytest.mark.parametrize("dim", [1, 4, 100])
def test_a_row_of_noise_depends_on_its_seed_and_index_only(dim):
    whole = Noise(3, 0, 60).normal(dim)
    parts = torch.cat([Noise(3, start, min(start + 7, 60)).normal(dim) for start in range(0, 60, 7)])
    rows = torch.cat([Noise(3, row, row + 1).normal(dim) for row in range(60)])
    assert torch.equal(whole, parts)
    assert torch.equal(whole, rows)
    assert not torch.equal(whole, Noise(4, 0, 60).normal(dim))


def test_noise_is_standard_normal():
    noise = Noise(0, 0, 20_000).normal(50).double()  # a million numbers: standard errors 0.001, 0.0007, 0.005
    assert noise.mean().item() == pytest.approx(0, abs=0.004)
    assert noise.std().item() == pytest.approx(1, abs=0.003)
    assert (noise**4).mean().item() == pytest.approx(3, abs=0.05)
    correlation = np.corrcoef(noise.numpy().T) - np.eye(50)
    assert np.abs(correlation).max() < 6 / np.sqrt(20_000)


def test_a_range_of_noise_that_runs_backwards_is_refused():
    with pytest.raises(ModelError, match="not a range of rows"):
        Noise(0, 5, 4)


# ---- order of the data


def test_truncated_noise_lies_within_its_bound_and_is_normal_there():
    noise = Noise(0, 0, 20_000).truncated(10, 0.5).double()
    assert noise.abs().max() <= 0.5
    # variance of a normal number given |z| <= t = 1/2: 1 - 2 t phi(t) / (2 Phi(t) - 1), off by 2.4e-4 in 200,000 (sd)
    assert noise.var().item() == pytest.approx(1 - 0.3520653267642995 / 0.38292492254802624, abs=1e-3)
    assert torch.equal(Noise(0, 5, 9).truncated(10, 0.5), Noise(0, 0, 9).truncated(10, 0.5)[5:])


def test_noise_truncated_at_infinity_is_plain_noise_bit_for_bit():
    assert torch.equal(Noise(3, 0, 50).truncated(7, float("inf")), Noise(3, 0, 50).normal(7))


def test_noise_is_not_truncated_to_nothing():
    with pytest.raises(ModelError, match="above 0"):
        Noise(0, 0, 1).truncated(3, 0.0)


def test_every_image_comes_once_per_epoch_in_another_order():
    first, second = positions(0, 0, 10, 0, 10), positions(0, 0, 10, 10, 20)
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)


def test_the_order_does_not_depend_on_where_one_starts():
    whole = positions(0, 0, 7, 0, 40)
    assert list(whole[11:25]) == list(positions(0, 0, 7, 11, 25))


def test_domains_have_orders_of_their_own_unless_the_task_is_on_pairs():
    data = Data("two", ImageShape(1, 2, 2), (numbered(50, 2), numbered(50, 2)), paired=True)
    for paired in (True, False):
        stream = batches(data, 8, 0, 0, CPU, paired)
        batch = next(stream)
        assert torch.equal(batch.x, batch.y) is paired
        stream.close()


def test_labels_stay_with_their_images():
    images = replace(numbered(20, 2), labels=np.arange(20))
    stream = batches(Data("labelled", ImageShape(1, 2, 2), (images,)), 6, 1, 2, CPU, False)
    batch = next(stream)
    stream.close()
    assert batch.x[:, 0, 0, 0].tolist() == batch.labels.tolist()
    assert batch.step == 2


def test_images_of_another_shape_are_refused():
    data = replace(DATA, shape=ImageShape(1, 8, 8))
    with pytest.raises(ModelError, match=r"are uint8 \[1, 16, 16\] instead of uint8 \[1, 8, 8\]"):
        next(batches(data, 4, 0, 0, CPU, False))


# ---- settings


@dataclass(frozen=True)
class Settings:
    width: int = 8
    lr: float = 1e-3
    skips: bool = False
    channels: tuple[int, ...] = (4, 8)
    loss: Literal["bce", "mse"] = "bce"
    clip: float | None = None


def test_settings_are_read_as_the_type_of_their_field():
    texts = ["width=16", "lr=1e-4", "skips=true", "channels=1,2,3", "loss=mse", "clip=0.5"]
    assert with_settings(Settings(), texts) == Settings(16, 1e-4, True, (1, 2, 3), "mse", 0.5)
    assert with_settings(Settings(clip=1.0), ["clip=none"]) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("widht=3", "Did you mean 'width'"),
        ("width=wide", "not a whole number"),
        ("lr=nan", "lr=nan is not a number"),
        ("clip=inf", "clip=inf is not a number"),
        ("lr=fast", "not a number"),
        ("skips=1", "neither true nor false"),
        ("loss=hinge", "bce, mse"),
        ("width", "name=value"),
    ],
)
def test_a_setting_that_cannot_be_read_says_why(text, message):
    with pytest.raises(ModelError, match=message):
        with_settings(Settings(), [text])


@pytest.mark.parametrize("text", ["batch_size=0", "batch_size=-4", "epochs=0", "epochs=-1"])
def test_a_setting_that_would_train_nothing_is_refused(text):
    with pytest.raises(ModelError, match="expected more than 0"):
        with_settings(TINY, [text])


def test_settings_survive_json():
    settings = Settings(channels=(1, 2), clip=0.5)
    assert from_json(Settings, to_json(settings)) == settings


def test_stored_settings_of_another_version_are_refused():
    with pytest.raises(ModelError, match="other fields"):
        from_json(Settings, {"width": 3})


# ---- budgets and devices


def test_a_budget_counts_steps_of_the_larger_domain():
    data = Data("two", ImageShape(1, 2, 2), (numbered(10, 2), numbered(25, 2)))
    config = replace(TINY, batch_size=4, epochs=3)
    assert Budget().total_steps(config, data) == 19  # ceil(3 * 25 / 4)
    assert Budget(epochs=0.5).total_steps(config, data) == 4
    assert Budget(steps=7, epochs=100).total_steps(config, data) == 7
    assert Budget(minutes=1).total_steps(config, data) is None


@pytest.mark.parametrize("budget", [{"steps": 0}, {"epochs": -1}, {"minutes": float("nan")}])
def test_an_empty_budget_is_refused(budget):
    with pytest.raises(ModelError, match="trains nothing"):
        Budget(**budget)


def test_a_budget_of_minutes_ends(tmp_path):
    options = {"device": "cpu", "progress": False}
    result = train(dcgan.MODEL, TINY, DATA, folder=tmp_path, budget=Budget(minutes=1e-9), **options)
    assert result.steps == 0


@pytest.mark.parametrize("name", ["cuda:77", "abacus"])
def test_a_device_that_is_not_there_is_named(name):
    with pytest.raises(ModelError, match=f"no device '{name}'"):
        find_device(name)


# ---- data that do not fit


@pytest.mark.parametrize(
    ("task", "change", "message"),
    [
        ("unpaired", {}, "one domain; give it a data set with two domains"),
        ("generate", {"train": (numbered(3), numbered(3))}, "2 domains; give it one of its domains"),
        ("paired", {"train": (numbered(3), numbered(3))}, "needs pairs"),
        ("class-conditional", {}, "needs labels"),
        ("generate", {"train": (numbered(0),)}, "no training images"),
    ],
)
def test_a_data_set_for_another_task_is_refused(tmp_path, task, change, message):
    with pytest.raises(ModelError, match=message):
        run(tmp_path, 1, replace(dcgan.MODEL, task=task), data=replace(DATA, **change))
    assert not list(tmp_path.iterdir())


# ---- what it will cost


def test_the_images_that_are_kept_are_those_that_are_read_where_all_would_fit(monkeypatch):
    data = Data("two", ImageShape(1, 2, 2), (numbered(10, 2), numbered(25, 2)))
    assert kept_bytes(data) == 4 * (10 + 25)
    assert kept_bytes(data, 12) == 4 * (10 + 12)
    monkeypatch.setattr("reference_models.loop.batches.CACHE_BYTES", 4 * 20)
    assert kept_bytes(data) == 4 * 10


def test_the_cost_counts_parameters_and_bytes_and_leaves_no_trace():
    torch.manual_seed(0)
    cost = estimate(dcgan.MODEL, TINY, DATA, steps=1, device="cpu")
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))
    model = dcgan.MODEL.build(TINY, DATA.shape, 0)
    weights = {name: sum(w.numel() for w in network.parameters()) for name, network in model.named_children()}
    assert cost.parameters == weights
    assert cost.checkpoint_bytes > 3 * 4 * sum(weights.values())  # weights and two moments in float32
    assert cost.total_steps == 3  # ceil(1 * 10 / 4)
    assert cost.total_seconds == 3 * cost.seconds_per_step


@pytest.mark.parametrize(("seconds", "taken"), [(1.0, 1 + 3), (20.0, 1)])
def test_a_slow_first_step_is_the_estimate_itself(monkeypatch, seconds, taken):
    clock = [0.0]
    monkeypatch.setattr("reference_models.loop.loading.time.perf_counter", lambda: clock[0])
    model = dcgan.MODEL.build(TINY, DATA.shape, 0)

    def step(batch):
        clock[0] += seconds
        return {"loss": torch.zeros(())}

    monkeypatch.setattr(type(model), "train_step", lambda self, batch: step(batch))
    cost = estimate(dcgan.MODEL, TINY, DATA, device="cpu")
    assert (cost.seconds_per_step, clock[0]) == (seconds, seconds * taken)
