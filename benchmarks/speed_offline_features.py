"""Features of photographs per second on the CPU: EfficientNet-Lite0, which needs no download, beside Inception.

The weights of Inception are random, in the public layout: the time does not depend on them.
"""

import numpy as np
import pytest

SIZES = (64, 256)
IMAGES = 32


def _images(size: int) -> np.ndarray:
    return np.random.default_rng(size).integers(0, 256, (IMAGES, 3, size, size), dtype=np.uint8)


def _extract(benchmark, name, weights, size):
    from bench import registry

    benchmark.group = f"{IMAGES} features of {size}x{size} images, offline or not"
    plugin = registry.load("extractors", name)
    extract = plugin.build(weights, plugin.resize[0], "cpu", ("pool",))
    images = _images(size)
    benchmark.pedantic(lambda: [extract(images[i : i + 16]) for i in (0, 16)], rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("size", SIZES)
def test_bench_efficientnet_lite0(benchmark, size):
    from bench import registry
    from bench.weights import ready

    plugin = registry.load("extractors", "efficientnet-lite0")
    _extract(benchmark, "efficientnet-lite0", ready(plugin, None, True).path, size)


@pytest.mark.parametrize("size", SIZES)
def test_inception(benchmark, weights, size):
    _extract(benchmark, "inception", weights, size)


@pytest.mark.parametrize("size", SIZES)
def test_torch_fidelity_inception(benchmark, weights, size):
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    benchmark.group = f"{IMAGES} features of {size}x{size} images, offline or not"
    network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(weights)).eval()
    images = torch.from_numpy(_images(size))

    def run():
        with torch.no_grad():
            return network(images)

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)
