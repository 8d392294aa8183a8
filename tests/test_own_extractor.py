"""A network of somebody's own as the extractor: named, hashed, checked, and never taken for another one."""

import pickle

import numpy as np
import pytest
import torch

import bench
from bench.measuring.own_extractor import identity
from bench.storage.cache import open_cache
from metrics.errors import InputError
from metrics.fid import compute


def images(seed, count=12, size=8):
    return np.random.RandomState(seed).randint(0, 256, (count, 3, size, size)).astype(np.uint8)


def flat(batch):
    return batch.reshape(len(batch), -1)[:, :5] / 255


class Small(torch.nn.Module):
    def __init__(self, seed, times=2):
        super().__init__()
        torch.manual_seed(seed)
        self.times = times
        self.layer = torch.nn.Sequential(torch.nn.Linear(192, 4), torch.nn.Dropout())

    def forward(self, batch):
        return self.layer(batch.flatten(1) / 255) * self.times


def test_a_function_is_an_extractor_whose_numbers_say_so():
    found = bench.score(images(1), images(2), metrics=["fid", "kid"], extractor=flat, subset_size=10)
    a, b = (flat(images(seed)).astype(np.float32) for seed in (1, 2))
    assert found.fid == pytest.approx(compute(a, b)["fid"], rel=1e-9)
    assert found.extractor == f"own network flat ({found.extractor_sha256[:12]})"
    assert (found.extractor_sha256, found.resize) == (identity(flat), "its own")
    assert any("never compare it with an Inception FID" in line for line in found.warnings)
    assert not open_cache().entries()


def test_a_module_runs_as_for_evaluation_and_is_left_as_it_was():
    module = Small(0)
    module.layer[0].eval()
    found = bench.fid(images(1), images(2), extractor=module)
    assert (module.training, module.layer[0].training, module.layer[1].training) == (True, False, True)
    assert found == bench.fid(images(1), images(2), extractor=module)
    assert len(open_cache().entries()) >= 2
    assert bench.fid(images(1), images(2), extractor=Small(1)).fid != found.fid
    streamed = bench.Accumulator(extractor=module)
    streamed.update(images(1))
    assert streamed.compute(images(2)).fid == pytest.approx(found.fid, rel=1e-5)


def test_whatever_moves_a_number_is_another_network():
    shift = np.zeros(5)

    def moved(batch):
        return flat(batch) + shift

    first = identity(moved)
    shift = np.ones(5)
    many = [first, identity(moved), identity(flat), identity(lambda batch: flat(batch) * 2)]
    many += [identity(lambda batch: flat(batch) * 3), identity(Small(0)), identity(Small(1)), identity(Small(0, 3))]
    assert len(set(many)) == len(many)
    assert identity(Small(0)) == identity(Small(0).eval()) == identity(pickle.loads(pickle.dumps(Small(0))))  # noqa: S301


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (lambda batch: batch, r"returned uint8 \[1, 3, 8, 8\] for 1 images; expected numbers \[1, d\]"),
        (lambda batch: None, "are None; expected a numpy array or a torch tensor"),
        (lambda batch: np.full((len(batch), 2), np.nan), "returned NaN or infinity"),
        (lambda batch: np.zeros((len(batch), len(batch))), "returned 12 features for some images and 1 for others"),
        (lambda batch: np.zeros((3, 2)), r"expected numbers \[1, d\]"),
    ],
)
def test_what_is_no_matrix_of_features_is_one_line(network, told):
    with pytest.raises(InputError, match=told) as caught:
        bench.fid(images(1), images(2), extractor=network)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"resize": "clean"}, "has no resize 'clean'"),
        ({"tap": "logits"}, "has no tap 'logits'"),
        ({"weights": "w.pt"}, "has no weights file"),
    ],
)
def test_an_own_network_has_no_settings_of_others(asked, told):
    with pytest.raises(InputError, match=told):
        bench.fid(images(1), images(2), extractor=flat, **asked)


def test_an_own_network_of_no_classes_has_no_inception_score():
    with pytest.raises(InputError, match="needs class predictions"):
        bench.score(images(1), metrics="is", extractor=flat)


def test_saved_statistics_of_an_own_network_know_it(tmp_path):
    bench.save_statistics(images(1), tmp_path / "s.npz", extractor=flat)
    assert bench.fid(tmp_path / "s.npz", images(2), extractor=flat).fid > 0
    with pytest.raises(InputError, match="made with other settings"):
        bench.fid(tmp_path / "s.npz", images(2), extractor=lambda batch: flat(batch) * 2)


def with_torch(batch):
    return torch.nn.Flatten()(torch.Tensor(batch))[:, :5] / 255


Flat, Plain = torch.nn.Flatten, torch.Tensor


def with_classes(batch):
    return Flat()(Plain(batch))[:, :5] / 255


@pytest.mark.parametrize("network", [with_torch, with_classes])
def test_a_function_may_use_torch_and_its_classes_by_name(network):
    found = bench.fid(images(1), images(2), extractor=network)
    assert found.fid == pytest.approx(bench.fid(images(1), images(2), extractor=flat).fid, rel=1e-5)
    assert identity(network) == identity(network)
