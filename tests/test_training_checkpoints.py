"""Checkpoints that do not fit, are cut, or cannot be written."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tiny_training import DATA, TINY, Painted, numbered, run, tensors

from reference_models import dcgan, vae
from reference_models.errors import ModelError
from reference_models.loop import encode, load, sample
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.loop.images import to_uint8

# ---- checkpoints that do not fit


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    run(folder, 2)
    return folder


def test_a_checkpoint_gives_the_model_back(finished):
    spec, config, model, state = load(finished)
    assert (spec, config, state["step"], state["seed"]) == (dcgan.MODEL, TINY, 2, 0)
    assert not model.training
    assert state["data"]["shape"] == [1, 16, 16]
    assert (sample(model, 0, 0, 3) == sample(load(finished / FILE_NAME).model, 0, 0, 3)).all()


def test_a_folder_with_a_model_is_never_trained_over(finished):
    with pytest.raises(ModelError, match="--resume"):
        run(finished, 2)


def test_a_checkpoint_of_another_model_is_refused(finished):
    with pytest.raises(ModelError, match="checkpoint of 'dcgan', not of 'vae'"):
        load(finished, model="vae")
    with pytest.raises(ModelError, match="model dcgan, this run has vae"):
        run(finished, 4, vae.MODEL, vae.MODEL.recipes["tiny"], resume=True)


def test_a_checkpoint_of_another_shape_is_refused(finished):
    with pytest.raises(ModelError, match="images of 1x16x16, the data are 3x32x32"):
        load(finished, shape=(3, 32, 32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": replace(TINY, lr=0.5)}, r"settings \{'lr': 0.0002\}, this run has \{'lr': 0.5\}"),
        ({"seed": 3}, "seed 0, this run has 3"),
        ({"data": replace(DATA, train=(numbered(12),))}, r"'counts': \[10\]"),
        ({"precision": "bf16"}, "precision float32"),
    ],
)
def test_a_run_is_resumed_with_the_same_question_only(finished, change, message):
    with pytest.raises(ModelError, match=message):
        run(finished, 4, resume=True, **change)


def test_a_checkpoint_cut_in_half_is_refused(finished, tmp_path):
    content = (finished / FILE_NAME).read_bytes()
    for length in (0, 5, 300, len(content) // 2, len(content) - 1):
        (tmp_path / FILE_NAME).write_bytes(content[:length])
        with pytest.raises(ModelError, match="is cut or is not a checkpoint"):
            load(tmp_path)


def broken_copy(finished, path, names, value, element):
    """A checkpoint with one element of these tensors replaced."""
    content = tensors(finished)
    for name in names:
        content[name].view(-1)[element] = value
    with safe_open(finished / FILE_NAME, "pt") as file:
        save_file(content, path, metadata=file.metadata())
    return path


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("element", [0, -1])
def test_one_weight_that_is_not_finite_refuses_a_checkpoint(finished, tmp_path, value, element):
    name = sorted(one for one in tensors(finished) if one.startswith("model/") and one.endswith("weight"))[-1]
    path = broken_copy(finished, tmp_path / FILE_NAME, [name], value, element)
    with pytest.raises(ModelError, match=f"the weights {name.removeprefix('model/')} hold NaN"):
        load(path)
    with pytest.raises(ModelError, match="hold NaN or infinity"):
        run(tmp_path, 4, resume=True)


def test_statistics_of_batch_norm_that_are_not_finite_refuse_it_too(finished, tmp_path):
    names = [one for one in tensors(finished) if one.endswith("running_var")]
    path = broken_copy(finished, tmp_path / FILE_NAME, names, float("nan"), 0)
    with pytest.raises(ModelError, match=r"running_var hold NaN"):
        load(path)


class Spoilt(Painted):
    """Finite weights whose images, or codes, are not finite."""

    def __init__(self, value, span="-1..1"):
        super().__init__(noise_dim=3)
        self.value, self.span = value, span

    def sample(self, noise, labels=None):
        values = torch.zeros(len(noise), 1, 2, 2)
        values[-1, 0, 0, 1] = self.value
        return to_uint8(values, self.span)

    def encode(self, images):
        return torch.full((len(images), 2), self.value)


@pytest.mark.parametrize("span", ["-1..1", "0..1"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_not_finite_is_no_pixel(value, span):
    with pytest.raises(ModelError, match="gives 1 of 20 values that are not finite, so there is no image"):
        sample(Spoilt(value, span), 0, 0, 5)


@pytest.mark.parametrize("value", [1e30, -1e30])
def test_a_value_far_outside_is_clipped_as_ever(value):
    assert sample(Spoilt(value), 0, 0, 5)[-1, 0, 0, 1] == (255 if value > 0 else 0)


def test_a_code_that_is_not_finite_is_no_code():
    with pytest.raises(ModelError, match="gives codes that are not finite"):
        encode(Spoilt(float("nan")), np.zeros((3, 1, 2, 2), np.uint8))


def test_a_checkpoint_of_another_schema_is_refused(finished, tmp_path):
    content = (finished / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(content.replace(b'\\"schema\\": 1', b'\\"schema\\": 7'))
    with pytest.raises(ModelError, match="has schema 7, expected 1"):
        load(tmp_path)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match="no checkpoint at"):
        load(tmp_path)


def test_a_full_disk_keeps_the_previous_checkpoint(tmp_path, monkeypatch):
    run(tmp_path, 2)
    written = (tmp_path / FILE_NAME).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genbench.files.os.fsync", full)
    with pytest.raises(ModelError, match="free some space"):
        run(tmp_path, 4, resume=True)
    assert (tmp_path / FILE_NAME).read_bytes() == written
    assert not list(tmp_path.glob(".*"))
