"""Features in bfloat16: asked for by name, told apart everywhere, and refused where a processor is slower with it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

import bench
import bench.measuring.tiles
from bench import registry
from bench.measuring import pools
from bench.storage.cache import open_cache
from metrics.errors import InputError
from metrics.extractors import _bfloat16, _engine

SETS = ("digits:real-1", "digits:real-2")
HOW = {"extractor": "digits-cnn", "limit": 20}


def test_a_processor_without_bfloat16_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(_engine, "_has_bfloat16", lambda device: False)
    with pytest.raises(InputError, match=r"this processor has no bfloat16 .*leave --precision bf16 out"):
        bench.fid(*SETS, **HOW, precision="bf16", cache=False)


def test_bfloat16_is_an_extractor_of_its_own_and_says_what_it_does_to_the_fid(monkeypatch):
    monkeypatch.setattr(_engine, "_has_bfloat16", lambda device: True)
    exact = bench.fid(*SETS, **HOW)
    kept = {entry.meta["extractor"] for entry in open_cache().entries() if "extractor" in entry.meta}
    low = bench.fid(*SETS, **HOW, precision="bf16")
    assert low["extractor"] == "digits-cnn@bf16"
    assert low["fid"] != exact["fid"]
    assert low["fid"] == pytest.approx(exact["fid"], rel=0.02)  # 8 bits of each product
    assert low["warnings"][-1].startswith("bfloat16 moves the features of 40 of these images by 0.")
    assert "the FID between them by" in low["warnings"][-1]
    assert any("in bfloat16: never compare it with a number in float32" in line for line in low["warnings"])
    assert kept == {"digits-cnn"}
    assert bench.fid(*SETS, extractor="digits-cnn@bf16", limit=20)["fid"] == low["fid"]


def test_workers_in_bfloat16_keep_nothing_under_the_key_of_float32(monkeypatch):
    """The same command has both: what it measures of float32 for its error is float32, also by the same workers."""
    monkeypatch.setattr(_engine, "_has_bfloat16", lambda device: True)
    monkeypatch.setattr(bench.measuring.tiles, "TILE", 8)
    monkeypatch.setattr(pools, "pool", lambda count: nullcontext((ThreadPoolExecutor(count), count)))
    low = bench.fid(*SETS, **HOW, precision="bf16", processes=2)["fid"]
    kept = {entry.meta["extractor"] for entry in open_cache().entries() if "extractor" in entry.meta}
    assert kept == {"digits-cnn@bf16", "digits-cnn"}
    exact = bench.fid(*SETS, **HOW)["fid"]
    assert exact == bench.fid(*SETS, **HOW, cache=False)["fid"] != low


def test_an_extractor_in_bfloat16_stands_beside_no_other():
    one, low = (registry.load("extractors", name) for name in ("inception", "inception@bf16"))
    assert (low.family, low.is_inception) == ("fid-inception@bf16", False)
    assert low.exact == one
    assert registry.resolve("extractors", "digits_cnn@bf16") == "digits-cnn@bf16"
    with pytest.raises(InputError, match=r"no extractor 'inceptoin'\. Did you mean 'inception'"):
        registry.load("extractors", "inceptoin@bf16")


@pytest.mark.parametrize(
    ("extractor", "said"),
    [("pixels", "'pixels' has no network that torch runs"), (nn.Flatten(), "needs an extractor by name")],
)
def test_what_runs_no_network_of_a_known_name_has_no_bfloat16(extractor, said, monkeypatch):
    monkeypatch.setattr(_engine, "_has_bfloat16", lambda device: True)
    with pytest.raises(InputError, match=said):
        bench.fid(*SETS, extractor=extractor, limit=20, precision="bf16", cache=False)


class Layers(nn.Module):
    """What the layers of a network in bfloat16 may be: with each end, with none, and one that is called twice."""

    def __init__(self):
        super().__init__()
        self.first, self.wide = nn.Conv2d(3, 8, 3, 2), nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=8, bias=False)
        self.again, self.last = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 4, 1, padding_mode="reflect")
        self.clip, self.mean = nn.ReLU6(), nn.AdaptiveAvgPool2d(1)

    def forward(self, images):
        x = self.clip(9 * self.wide(nn.functional.relu(self.first(images))))
        x = self.again(self.clip(self.again(x))) + x
        return {"pool": torch.flatten(self.mean(torch.relu(self.last(x))), 1)}


def test_layers_that_are_made_in_one_step_give_what_they_give_one_by_one(monkeypatch):
    monkeypatch.setattr(_engine, "_has_bfloat16", lambda device: True)
    images = np.random.default_rng(0).random((11, 3, 9, 12), np.float32)

    def seeded():
        torch.manual_seed(0)
        return Layers()

    def run():
        with _engine.in_bfloat16("cpu"):
            return _engine.torch_network(seeded, ("pool",), "cpu")

    fused = run()
    found = fused(images)["pool"]
    monkeypatch.setattr(_bfloat16, "_has_fused", lambda: False)
    np.testing.assert_allclose(found, run()(images)["pool"], rtol=0.01)  # with AVX512_BF16 the bits are the same
    np.testing.assert_allclose(found[5:7], fused(images[5:7])["pool"], rtol=0.01)
    with torch.no_grad():
        np.testing.assert_allclose(found, seeded()(torch.from_numpy(images))["pool"], rtol=0.03, atol=1e-3)
    assert found.std() > 0.1 * np.abs(found).mean()


def test_the_mean_over_an_image_keeps_the_digits_of_float32():
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    _bfloat16.lower(network, "cpu")
    with torch.autocast("cpu", torch.bfloat16):
        assert network(torch.rand(2, 3, 8, 8)).dtype == torch.float32
