"""Wires between parts that have tests of their own: what one hands the other, and what it leaves out."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from run_records import record
from tiny_training import ArrayImages, Painted, numbered

from bench.leaderboard.board_tables import DISPENSABLE, dispensable
from bench.leaderboard.contestants import side_of
from bench.leaderboard.orders import ORDERS
from bench.sources import iterate, open_source
from bench.storage.records import record_path, write_record
from bench.submissions.submitting import source_of
from bench.tables.table import Column, Table
from metrics.errors import InputError
from reference_models.loop.grids import _translated, triples
from reference_models.loop.sampling import sample
from reference_models.pretrained import _biggan_deep_files as deep
from reference_models.pretrained._biggan_deep import DeepConfig
from reference_models.types import Data, ImageShape

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


@pytest.mark.parametrize("held_out", [True, False])
def test_pictures_of_translations_are_of_held_out_images_where_there_are_some(held_out):
    train, test = (tuple(ArrayImages(numbered(9).array + np.uint8(base + 20 * side)) for side in range(2))
                   for base in (0, 100))  # fmt: skip
    data = Data("pairs", ImageShape(1, 16, 16), train, test if held_out else (), paired=True)
    shown, names = triples(Painted(directions=("x-to-y",)), data)
    first = 100 * held_out
    assert shown[0, :, 0, 0, 0].tolist() == [first, 255 - first, first + 20]
    assert names == ("input x", "output y", "target y")
    x, y, fake_y, fake_x = _translated(Painted(directions=("y-to-x",)), data)
    assert (x[0, 0, 0, 0], y[0, 0, 0, 0], len(fake_y), fake_x[0, 0, 0, 0]) == (first, first + 20, 0, 235 - first)


def test_seeds_of_a_model_are_in_the_order_of_their_numbers_and_not_of_their_files(tmp_path):
    made = [record(seed=seed) for seed in (2, 10, 9)]
    for one in made:
        write_record(record_path(tmp_path, one.dataset, one.protocol_id, one.name), one)
    path = record_path(tmp_path, made[0].dataset, made[0].protocol_id, made[0].name)
    side = side_of(str(path), tmp_path, lambda path: None)
    assert [one.name for one in side.seeds] == [one.title for one in sorted(made, key=lambda one: one.seed)]


@pytest.mark.parametrize(("keys", "unsorted"), [(("kid",), ()), (("kid", ORDERS[0].number.key), ("fid_corrected",))])
def test_the_last_columns_that_a_board_can_do_without_are_its_groups(keys, unsorted):
    found = dispensable(Table("a", "a", tuple(Column(key, key) for key in (*keys, "sfid", "mine")), (), ()))
    assert found == ("sfid", *DISPENSABLE[:-1], *unsorted, "group")
