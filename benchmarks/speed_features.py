"""Inception features per second on the CPU, all taps equal to 1e-5: ONNX Runtime here, eager torch at the peers."""

import numpy as np
import pytest

SIZES = (64, 299)
IMAGES = 32


def _images(size: int) -> np.ndarray:
    return np.random.default_rng(size).integers(0, 256, (IMAGES, 3, size, size), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_bench(benchmark, weights, size):
    from bench import registry

    benchmark.group = f"{IMAGES} features of {size}x{size} images"
    extract = registry.load("extractors", "inception").build(weights, "tf1", "cpu", ("pool",))
    images = _images(size)
    benchmark.pedantic(lambda: [extract(images[i : i + 16]) for i in (0, 16)], rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("size", SIZES)
def test_torch_fidelity(benchmark, weights, size):
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    benchmark.group = f"{IMAGES} features of {size}x{size} images"
    network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(weights)).eval()
    images = torch.from_numpy(_images(size))

    def run():
        with torch.no_grad():
            return network(images)

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("size", SIZES)
def test_pytorch_fid(benchmark, weights, size, monkeypatch):
    import pytorch_fid.inception
    import torch

    benchmark.group = f"{IMAGES} features of {size}x{size} images"
    state = torch.load(weights, weights_only=True)
    monkeypatch.setattr(pytorch_fid.inception, "load_state_dict_from_url", lambda *args, **options: state)
    network = pytorch_fid.inception.InceptionV3([3]).eval()
    images = torch.from_numpy(_images(size)).float() / 255

    def run():
        with torch.no_grad():
            return network(images)

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("size", SIZES)
def test_in_bfloat16(benchmark, weights, size):
    from bench import registry
    from metrics.errors import InputError

    benchmark.group = f"{IMAGES} features of {size}x{size} images"
    try:
        extract = registry.load("extractors", "inception@bf16").build(weights, "tf1", "cpu", ("pool",))
    except InputError as error:
        pytest.skip(str(error))
    images = _images(size)
    benchmark.pedantic(lambda: [extract(images[i : i + 16]) for i in (0, 16)], rounds=3, warmup_rounds=1)
