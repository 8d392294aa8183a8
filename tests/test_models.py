"""The contract that every reference model keeps: a new file in reference_models is tested here without an edit."""

from dataclasses import dataclass, fields, is_dataclass
from math import inf

import numpy as np
import pytest
import torch
from tiny_runs import undrawn

from bench import registry
from reference_models.errors import ModelError
from reference_models.loop import (
    Budget,
    Noise,
    class_embeddings,
    decode,
    encode,
    load,
    reconstruct,
    sample,
    sample_embedded,
    train,
    translate,
    with_settings,
)
from reference_models.loop.checkpoints import export, parameters_of
from reference_models.types import Batch, Data, ImageShape

NAMES = registry.names("models")
SHAPE = ImageShape(3, 32, 32)
CLASSES = ("a", "b", "c")
STEPS = 3
DRAWN = sorted({registry.load("models", name).task: name for name in NAMES}.values())  # the last one of each task
TASKS = ("reconstruct", "generate", "class-conditional", "paired", "unpaired")


@dataclass(frozen=True)
class RandomImages:
    seed: int
    count: int = 12

    @property
    def labels(self):
        return np.arange(self.count) % len(CLASSES)

    def take(self, indices):
        images = np.random.default_rng(self.seed).integers(0, 256, (self.count, *SHAPE), np.uint8)
        return images[indices]


def _data(spec):
    domains = 2 if spec.task in ("paired", "unpaired") else 1
    sets = tuple(RandomImages(seed) for seed in range(domains))
    return Data("random", SHAPE, sets, sets, ("x", "y")[: 2 * (domains == 2)], domains == 2, CLASSES)


def _train(spec, folder, steps=STEPS, **options):
    config = spec.recipes["tiny"]
    options = {"progress": False, "device": "cpu", "grid_every": 1000, **options}
    return train(spec, config, _data(spec), folder=folder, budget=Budget(steps=steps), **options)


@pytest.fixture(scope="module", params=NAMES)
def spec(request):
    return registry.load("models", request.param)


@pytest.fixture(scope="module")
def trained(spec, tmp_path_factory):
    """(folder, result) of a tiny run of three steps; nothing may be written there. Pictures take longer than the steps:
    they are drawn of one model of each task."""
    folder = tmp_path_factory.mktemp(spec.name)
    with pytest.MonkeyPatch.context() as patch:
        if spec.name not in DRAWN:
            undrawn(patch)
        return folder, _train(spec, folder)


def test_the_entry_is_complete(spec):
    assert spec.name in NAMES
    assert spec.title
    assert spec.source
    assert spec.task in TASKS
    assert registry.describe("models", spec.name)["title"] == spec.title


def test_the_recipes_are_frozen_configurations_of_one_class(spec):
    assert {"default", "tiny"} <= set(spec.recipes)
    kinds = {type(config) for config in spec.recipes.values()}
    assert len(kinds) == 1
    kind = kinds.pop()
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert {"batch_size", "epochs"} <= {field.name for field in fields(kind)}


def test_the_recipes_are_for_data_sets_that_exist(spec):
    unknown = set(spec.recipes) - {"default", "tiny"} - set(registry.names("datasets"))
    assert not unknown


def test_every_setting_of_a_recipe_can_be_given_as_text(spec):
    config = spec.recipes["tiny"]
    for field in fields(config):
        value = getattr(config, field.name)
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        text = text.lower() if isinstance(value, bool) or value is None else text
        assert with_settings(config, [f"{field.name}={text}"]) == config


def test_the_losses_are_finite_numbers_and_the_figures_name_them(spec, trained):
    losses = trained[1].losses
    assert all(np.isfinite(value) for value in losses.values())
    assert {name for group in spec.figures.values() for name in group} <= set(losses)


def test_the_losses_carry_no_graph(spec):
    torch.manual_seed(0)
    model = spec.build(spec.recipes["tiny"], SHAPE, len(CLASSES)).train()
    images = torch.from_numpy(RandomImages(0).take(range(4)))
    labels = torch.tensor([0, 1, 2, 0])
    losses = model.train_step(Batch(images, images.flip(0), labels))
    assert all(not value.requires_grad for value in losses.values() if isinstance(value, torch.Tensor))


@pytest.mark.parametrize("spec", DRAWN, indirect=True)
def test_curves_and_pictures_are_drawn(spec, trained):
    folder, result = trained
    expected = {f"{title.replace(' ', '-')}.png" for title in spec.figures}
    if result.model.directions:
        expected.add("translations.png")
    elif result.model.noise_dim:
        expected.add("samples.png")
    if spec.task == "reconstruct":
        expected.add("reconstructions.png")
    if spec.task == "unpaired":
        expected |= {f"translation-{place}.png" for place in (1, 2, 3, 4)}
    assert expected <= {path.name for path in folder.iterdir()}


def test_the_model_makes_what_its_task_asks_for(spec, trained):
    model, images = trained[1].model, RandomImages(5).take(range(5))
    made = []
    if spec.task in ("generate", "class-conditional"):
        assert model.noise_dim > 0
        made.append(sample(model, 0, 0, 5))
    if spec.task == "reconstruct":
        made.append(reconstruct(model, images))
    if spec.task in ("paired", "unpaired"):
        assert model.directions
        made += [translate(model, images, direction) for direction in model.directions]
    for result in made:
        assert result.dtype == np.uint8
        assert result.shape == images.shape


def test_samples_depend_on_their_own_row_only(trained):
    model = trained[1].model
    if not model.noise_dim or model.directions:
        return
    whole, last = sample(model, 0, 0, 7).astype(int), sample(model, 0, 5, 7).astype(int)
    single = sample(model, 0, 0, 7, batch_size=1).astype(int)
    assert np.abs(whole - single).max() <= 1  # a value on the edge of two integers may round the other way
    assert np.abs(whole[5:] - last).max() <= 1


def test_truncated_noise_is_drawn_within_its_bound_and_comes_back(trained, monkeypatch):
    monkeypatch.setattr("reference_models.biggan.STATISTICS_RUNS", 2)
    model = load(trained[0]).model  # one that no other test looks at: truncating may collect statistics anew
    if not model.noise_dim or model.directions:
        return
    plain = sample(model, 0, 0, 3)
    model.truncate(0.5)
    assert model.draw(Noise(0, 0, 200)).abs().max() <= 0.5
    assert sample(model, 0, 0, 3).shape == plain.shape
    model.truncate(inf)
    assert torch.equal(model.draw(Noise(0, 0, 3)), Noise(0, 0, 3).normal(model.noise_dim))
    with pytest.raises(ModelError, match="truncation"):
        model.truncate(0)


def test_images_made_from_images_depend_on_their_own_image_only(spec, trained):
    model, images = trained[1].model, RandomImages(5).take(range(5))
    makers = [lambda batch, d=direction: translate(model, batch, d) for direction in model.directions]
    if spec.task == "reconstruct":
        makers.append(lambda batch: reconstruct(model, batch))
    for make in makers:
        whole, part = make(images).astype(int), make(images[3:]).astype(int)
        assert np.abs(whole[3:] - part).max() <= 1


def test_a_reconstruction_is_the_decoded_code(trained):
    model, images = trained[1].model, RandomImages(5).take(range(5))
    if not model.code_dim:
        return
    codes = encode(model, images)
    assert (codes.dtype, codes.shape) == (np.float32, (5, model.code_dim))
    assert np.array_equal(decode(model, codes), reconstruct(model, images))


def test_the_embedding_of_a_label_stands_for_the_label(trained):
    model, labels = trained[1].model, np.array([2, 0, 1, 2])
    if not model.embedding_dim:
        return
    embeddings = class_embeddings(model)
    assert (embeddings.dtype, embeddings.shape) == (np.float32, (len(CLASSES), model.embedding_dim))
    noise = Noise(0, 0, 4).normal(model.noise_dim).numpy()
    assert np.array_equal(sample_embedded(model, noise, embeddings[labels]), sample(model, 0, 0, 4, labels=labels))


def test_a_checkpoint_gives_the_same_model_back(spec, trained):
    folder, result = trained
    loaded = load(folder)
    assert loaded.spec is spec
    assert loaded.config == spec.recipes["tiny"]
    weights = result.model.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in loaded.model.state_dict().items())


def test_an_exported_model_makes_the_same_images_without_the_networks_that_only_train(spec, trained, tmp_path):
    loaded = load(trained[0])
    export(tmp_path / "model.safetensors", loaded.model, loaded.state)
    again, state = load(tmp_path / "model.safetensors")[2:]
    assert parameters_of(again, state) == sum(weight.numel() for weight in loaded.model.parameters())
    assert {name for name, child in again.named_children()}.isdisjoint(loaded.model.training_only)
    for one in made_by(loaded.model):
        assert np.array_equal(one(loaded.model), one(again))


def made_by(model):
    """What a model makes images by, each as a function of it."""
    images = RandomImages(0).take(np.arange(3))
    labels = np.arange(3) % model.classes if model.classes else None
    yield from (lambda one, way=way: translate(one, images, way) for way in model.directions)
    if model.code_dim:
        yield lambda one: reconstruct(one, images)
    if not model.directions:
        yield lambda one: sample(one, 0, 0, 3, labels=labels)


def test_a_resumed_run_is_the_straight_one_bit_for_bit(spec, trained, tmp_path, monkeypatch):
    undrawn(monkeypatch)
    _train(spec, tmp_path, steps=1)
    resumed = _train(spec, tmp_path, resume=True)
    straight = trained[1].model.state_dict()
    assert resumed.resumed_at == 1
    assert all(torch.equal(straight[name], value) for name, value in resumed.model.state_dict().items())
    assert (tmp_path / "losses.csv").read_bytes() == (trained[0] / "losses.csv").read_bytes()
