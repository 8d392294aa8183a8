"""Wires between parts that have tests of their own: what one hands the other, and what it leaves out."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.sources import iterate, open_source
from bench.submissions.submitting import source_of
from metrics.errors import InputError
from reference_models.loop.sampling import sample
from reference_models.pretrained import _biggan_deep_files as deep
from reference_models.pretrained._biggan_deep import DeepConfig

IMAGES = np.random.RandomState(0).randint(0, 256, (4, 3, 8, 8)).astype(np.uint8)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("size", "lengths"), [(1, [1] * 4), (2, [2, 2]), (3, [3, 1]), (4, [4]), (9, [4])])
def test_images_come_in_full_batches_and_a_last_one_that_holds_some(workers, size, lengths):
    assert [len(batch) for batch in iterate(open_source(IMAGES), workers, size)] == lengths


@pytest.mark.parametrize("change", [0, 1])
@pytest.mark.parametrize("kept", [True, False])
def test_images_that_changed_since_they_were_looked_at_are_not_measured(change, kept):
    seen = [SimpleNamespace(file_sha256="", pixels_sha256=one) for one in open_source(IMAGES).hashes]
    looked = SimpleNamespace(images=seen, name="mine", pixels=IMAGES if kept else None)
    checked = SimpleNamespace(material=SimpleNamespace(images=IMAGES ^ np.uint8(change)), looked=looked)
    if change:
        with pytest.raises(InputError, match=r"^array changed while it was read; start again when it is still$"):
            source_of(checked)
    else:
        found = source_of(checked)
        assert (found.name, found.count) == ("mine", 4)
        assert np.array_equal(found.read(1), IMAGES[1])


class Told(torch.nn.Module):
    """A model that remembers the labels that it is given."""

    noise_dim, span = 2, "0..1"

    def __init__(self, classes):
        super().__init__()
        self.classes, self.labels = classes, []
        self.scale = torch.nn.Parameter(torch.ones(1))

    def draw(self, noise):
        return noise.normal(2)

    def sample(self, noise, labels=None):
        self.labels.append(labels if labels is None else labels.tolist())
        return torch.zeros(len(noise), 1, 4, 4)


def test_labels_are_drawn_for_a_model_with_classes_only():
    plain, classes = Told(0), Told(10)
    for model in (plain, classes):
        assert sample(model, 0, 0, 3).shape == (3, 1, 4, 4)
    assert plain.labels == [None]
    assert len(classes.labels[0]) == 3
    sample(classes, 0, 0, 3, labels=np.array([7, 8, 9]))
    assert classes.labels[1] == [7, 8, 9]


def test_a_generator_without_settings_is_that_of_its_side(monkeypatch):
    made = []
    monkeypatch.setattr(deep, "converted", dict)
    monkeypatch.setattr(deep, "BigganDeep", lambda config: made.append(config) or torch.nn.Linear(2, 2))
    state = torch.nn.Linear(2, 2).state_dict()
    layers = ((False, 16, 16), (True, 16, 1))
    deep.build(state, None, 8, layers)
    assert made == [DeepConfig(8, layers)]
