"""The running mean of a GAN's generator (`--set average=0.999`): what it is, what it leaves alone, where it goes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_models import CLASSES, SHAPE, STEPS, RandomImages, _data, made_by
from tiny_runs import undrawn
from torch import nn

import bench
from bench import registry
from reference_models import dcgan, gan_deep
from reference_models.errors import ModelError
from reference_models.loop import Budget, built, changed_settings, load, to_json, train, with_settings
from reference_models.loop.averaging import GENERATORS
from reference_models.loop.checkpoints import export
from reference_models.loop.settings import from_json
from reference_models.types import Batch

NAMES = registry.names("models")
OWN = (
    "biggan",
    "biggan-unlabelled",
    "ddpm",
    "flow-matching",
    "stylegan2-small",
    "vqvae",
)  # with an average in their own settings
TINY = dcgan.MODEL.recipes["tiny"]


def judged(name):
    """Whether a model of this name learns against a discriminator, and has no average of its own."""
    spec = registry.load("models", name)
    networks = dict(spec.build(spec.recipes["tiny"], SHAPE, len(CLASSES)).named_children())
    return bool({"discriminator", "D_X"} & set(networks)) and name not in OWN


GANS = [name for name in NAMES if judged(name)]
SOME = ["gan-deep", "dcgan-upconv", "wgan-gp", "cgan", "pix2pix", "cyclegan-emoji"]  # each kind of network and of step


def averaged(name, decay=0.6, **changes):
    spec = registry.load("models", name)
    return spec, with_settings(replace(spec.recipes["tiny"], **changes), [f"average={decay}"])


def images(seed):
    return torch.from_numpy(RandomImages(seed).take(np.arange(4)))


def steps_of(model, count=3):
    """Train; the generators' weights after each step, and the losses."""
    networks = [getattr(model, name) for name in GENERATORS if hasattr(model, name)]
    weights, losses = [], []
    for step in range(count):
        batch = Batch(images(2 * step), images(2 * step + 1), torch.tensor([0, 1, 2, 0]), step)
        losses.append({name: float(value) for name, value in model.train_step(batch).items()})
        weights.append([weight.detach().clone() for network in networks for weight in network.parameters()])
    return weights, losses


def made(name, decay, count=3, **changes):
    """A model after some steps, with a mean or (0) without, and what `steps_of` says of it."""
    spec, config = averaged(name, decay, **changes)
    torch.manual_seed(0)
    model = built(spec, config, SHAPE, len(CLASSES)).train()
    return model, *steps_of(model, count)


# ----- settings


def test_an_average_of_0_is_the_recipe_itself():
    config = with_settings(TINY, ["average=0"])
    assert config == TINY and type(config) is type(TINY)
    assert with_settings(with_settings(TINY, ["average=0.9"]), ["average=0", "width=8"]) == replace(TINY, width=8)


def test_an_average_is_a_setting_that_json_and_the_names_of_runs_have():
    config = with_settings(TINY, ["average=0.999", "latent=9"])
    assert to_json(config) == {**to_json(replace(TINY, latent=9)), "average": 0.999}
    assert from_json(type(TINY), to_json(config)) == config
    assert changed_settings(config, TINY) == {"average": 0.999, "latent": 9}
    assert changed_settings(TINY, config) == {"average": 0.0, "latent": 8}
    assert changed_settings(TINY, TINY) == {}
    assert with_settings(config, ["latent=8"]) == with_settings(TINY, ["average=0.999"])


@pytest.mark.parametrize("value", ["1", "-0.1", "1.5"])
def test_an_average_that_is_no_decay_is_refused(value):
    with pytest.raises(ModelError, match=rf"average {float(value)}; expected a decay from 0 \(none\) to less than 1"):
        with_settings(TINY, [f"average={value}"])


@pytest.mark.parametrize("value", [0, 1.5, "x"])
def test_a_stored_average_that_no_training_writes_is_refused(value):
    with pytest.raises(ModelError, match="average"):
        from_json(type(TINY), {**to_json(TINY), "average": value})


def test_a_misspelt_average_is_answered_with_it():
    with pytest.raises(ModelError, match=r"no setting 'averge' of a model\. Did you mean 'average'"):
        with_settings(TINY, ["averge=0.9"])
    with pytest.raises(ModelError, match=r"There are: width, latent, .*, epochs\.$"):
        with_settings(TINY, ["nothing-like-it=1"])


def test_every_gan_has_an_average_and_every_other_model_refuses_it():
    assert len(GANS) > 20
    for name in set(NAMES) - set(OWN):
        spec, config = averaged(name)
        if name in GANS:
            assert built(spec, config, SHAPE, len(CLASSES)).averages
        else:
            kind = type(config).__name__
            with pytest.raises(ModelError, match=f"no setting 'average' in {kind}: {name} has no generator that"):
                built(spec, config, SHAPE, len(CLASSES))


def test_models_with_an_average_of_their_own_keep_it():
    for name in OWN:
        spec, config = averaged(name, 0.5)
        assert type(config) is type(spec.recipes["tiny"]) and config.average == 0.5
        assert not hasattr(built(spec, config, SHAPE, len(CLASSES)), "averages")


# ----- what a step does


@pytest.mark.parametrize("name", SOME)
def test_the_mean_follows_the_weights_and_starts_with_a_low_decay(name):
    model, weights, _ = made(name, 0.15)
    torch.manual_seed(0)
    first = made(name, 0.15, count=0)[0]
    mean = [weight.detach().clone() for weight in first.averages.parameters()]
    for decay, now in zip((0.1, 0.15, 0.15), weights, strict=True):  # min(decay, (1 + t) / (10 + t)): 1 / 10, 2 / 11
        mean = [decay * old + (1 - decay) * new for old, new in zip(mean, now, strict=True)]
    assert not any(weight.requires_grad for weight in model.averages.parameters())
    for ours, expected in zip(model.averages.parameters(), mean, strict=True):
        assert torch.allclose(ours, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", GANS)
def test_the_training_is_what_it_is_without_a_mean_bit_by_bit(name):
    plain, _, losses = made(name, 0)
    state = torch.get_rng_state()
    model, _, same = made(name, 0.9)
    assert same == losses
    assert torch.equal(torch.get_rng_state(), state)
    weights = model.state_dict()
    assert all(torch.equal(weights[key], value) for key, value in plain.state_dict().items())
    assert {key.partition(".")[0] for key in set(weights) - set(plain.state_dict())} == {"averages"}


def test_batch_norm_of_the_mean_has_statistics_of_its_own():
    """The noise of the next step, through the mean's first matrix."""
    model, _, _ = made("gan-deep", 0.9, count=1)
    first, norm = model.averages["generator"][:2]
    noise = torch.randn(4, model.noise_dim)
    assert isinstance(norm, nn.BatchNorm1d)
    assert torch.allclose(norm.running_mean, 0.1 * first(noise).mean(0), atol=1e-6)
    assert not torch.equal(norm.running_mean, model.generator[1].running_mean)


def test_images_are_made_by_the_mean():
    model, _, _ = made("gan-deep", 0.9)
    plain = gan_deep.MODEL.build(gan_deep.MODEL.recipes["tiny"], SHAPE, 0)
    plain.generator.load_state_dict(model.averages["generator"].state_dict())
    noise = torch.randn(5, model.noise_dim)
    with torch.no_grad():
        ours, own = model.eval().sample(noise), model.generator
        assert torch.equal(ours, plain.eval().sample(noise))
        assert model.generator is own
        plain.generator.load_state_dict(own.state_dict())
        assert not torch.equal(ours, plain.sample(noise))


def test_of_a_training_that_circles_the_mean_is_nearer_to_the_middle(monkeypatch):
    """Weights that jump between -1 and 1 have the mean 0."""
    model = made("gan-deep", 0.9, count=0)[0]
    weight, mean = (one[0].weight for one in (model.generator, model.averages["generator"]))
    monkeypatch.setattr(gan_deep.GanDeep, "train_step", lambda self, batch: {}, raising=False)
    for step in range(200):
        weight.data.fill_(1.0 if step % 2 else -1.0)
        model.train_step(Batch(images(0), step=step))
    assert mean.abs().max() < 0.06  # (1 - d) / (1 + d) = 0.053


# ----- where it goes


def _trained(name, folder, steps=STEPS, **options):
    spec, config = averaged(name)
    options = {"progress": False, "device": "cpu", "grid_every": 1000, **options}
    return train(spec, config, _data(spec), folder=folder, budget=Budget(steps=steps), **options)


@pytest.mark.parametrize("name", SOME)
def test_a_resumed_run_is_the_straight_one_and_an_export_has_the_mean_only(name, tmp_path, monkeypatch):
    undrawn(monkeypatch)
    straight = _trained(name, tmp_path / "straight").model
    _trained(name, tmp_path / "resumed", steps=1)
    resumed = _trained(name, tmp_path / "resumed", resume=True)
    assert resumed.resumed_at == 1
    weights = straight.state_dict()
    assert all(torch.equal(weights[key], value) for key, value in resumed.model.state_dict().items())

    loaded = load(tmp_path / "straight")
    export(tmp_path / "model.safetensors", loaded.model, loaded.state)
    again = load(tmp_path / "model.safetensors").model
    assert {key for key, _ in again.named_children()} & {*GENERATORS, "discriminator", "D_X", "D_Y"} == set()
    for one in made_by(straight):
        assert np.array_equal(one(straight), one(loaded.model))
        assert np.array_equal(one(straight), one(again))


def test_a_run_with_a_mean_is_named_for_it_and_its_record_says_so(tmp_path, monkeypatch):
    undrawn(monkeypatch)
    how = {"recipe": "tiny", "device": "cpu", "steps": 2, "workdir": tmp_path}
    run = bench.train("gan-deep", "digits", settings={"average": 0.9}, **how)
    assert "average-0.9" in run.folder.name
    assert load(run.folder).state["settings"]["average"] == 0.9
    with pytest.raises(ModelError, match="no setting 'average' in VaeConfig: vae has no generator"):
        bench.train("vae", "digits", settings={"average": 0.9}, **how)


def test_a_plain_checkpoint_does_not_go_on_with_a_mean(tmp_path, monkeypatch):
    undrawn(monkeypatch)
    spec, config = averaged("gan-deep")
    train(spec, spec.recipes["tiny"], _data(spec), folder=tmp_path, budget=Budget(steps=1), progress=False)
    with pytest.raises(ModelError, match=r"written with settings \{'average': None\}, this run has \{'average': 0.6\}"):
        train(spec, config, _data(spec), folder=tmp_path, budget=Budget(steps=2), resume=True, progress=False)
