"""Checkpoints that do not fit, are cut, or cannot be written."""

from dataclasses import replace

import pytest
from tiny_training import DATA, TINY, numbered, run

from reference_models import dcgan, vae
from reference_models._errors import ModelError
from reference_models.training import (
    load,
    sample,
)
from reference_models.training.checkpoints import FILE_NAME

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
        with pytest.raises(ModelError, match="is cut or is no checkpoint"):
            load(tmp_path)


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

    monkeypatch.setattr("reference_models.training.checkpoints.os.fsync", full)
    with pytest.raises((ModelError, OSError), match="space"):
        run(tmp_path, 4, resume=True)
    assert (tmp_path / FILE_NAME).read_bytes() == written
    assert not list(tmp_path.glob("*.unfinished"))
