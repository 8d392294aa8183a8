"""The extractors that keep the layout: whitened, cut off, the same on every engine, and names of their own."""

from pathlib import Path

import numpy as np
import pytest

from bench.datasets import digits
from metrics.extractors import _engine, _layout, _small_cnn, digits_layout, fashion_layout, mnist_layout
from metrics.extractors.state import load_network

each_layout = pytest.mark.parametrize("module", [digits_layout, fashion_layout, mnist_layout])


def rgb(images):
    return np.repeat(images, 3, axis=1)


@pytest.fixture(scope="module")
def seen():
    """Features of the held-out digits."""
    split = digits.load("test", Path())
    return digits_layout.EXTRACTOR.build(None, "clean", "cpu", ("pool", "logits"))(rgb(split.read(0, split.count)))


def test_no_feature_of_held_out_digits_outweighs_the_others(seen):  # whitened over digits that are varied a bit
    assert seen["pool"].std(axis=0).min() > 0.4
    assert seen["pool"].std(axis=0).max() < 1.2
    assert np.abs(np.corrcoef(seen["pool"].T) - np.eye(_layout.FEATURES)).max() < 0.5


@each_layout
def test_features_are_cut_off_at_three_standard_deviations(module):
    noise = np.random.default_rng(0).integers(256, size=(8, 3, 32, 32), dtype=np.uint8)
    features = module.EXTRACTOR.build(None, "clean", "cpu", ("pool",))(noise)["pool"]
    assert np.abs(features).max() == _layout.FARTHEST


@each_layout
def test_torch_computes_the_same_features(module):
    def loaded():
        return load_network(module.DESIGN.network, _small_cnn.WEIGHTS / module.EXTRACTOR.shipped)

    images = rgb(digits.load("test", Path()).read(0, 8))[..., : module.DESIGN.size, : module.DESIGN.size]
    shipped = module.EXTRACTOR.build(None, "clean", "cpu", ("pool", "logits"))(images)
    by_torch = _engine.torch_network(loaded, ("pool", "logits"), "cpu")(images.astype(np.float32))
    for tap in ("pool", "logits"):
        np.testing.assert_allclose(by_torch[tap], shipped[tap], rtol=1e-4, atol=1e-4)  # float32 sums in another order


def test_a_mirrored_digit_is_not_the_same_to_it():
    images = rgb(digits.load("test", Path()).read(0, 50))
    extract = digits_layout.EXTRACTOR.build(None, "clean", "cpu", ("pool",))
    both = [extract(np.ascontiguousarray(one))["pool"] for one in (images, images[..., ::-1])]
    assert np.linalg.norm(both[0] - both[1], axis=1).mean() > 3
