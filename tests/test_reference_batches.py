"""A file with images and their statistics (ADM's reference batches) gives one FID, whichever command is asked."""

from dataclasses import replace

import numpy as np
import pytest

import bench
from bench import registry
from metrics.errors import InputError

SMALL = {"extractor": "digits-cnn", "cache": False}


def images(seed, count=12):
    return np.random.RandomState(seed).randint(0, 256, (count, 16, 16, 3), np.uint8)


@pytest.fixture
def batch(tmp_path):
    """A reference batch: its statistics are of other images than those in it, as ADM's are."""
    bench.save_statistics(images(1, 20), tmp_path / "all.npz", **SMALL)
    with np.load(tmp_path / "all.npz") as saved:
        np.savez(tmp_path / "batch.npz", arr_0=images(2), mu=saved["mu"], sigma=saved["sigma"])
        np.savez(tmp_path / "alone.npz", mu=saved["mu"], sigma=saved["sigma"])
    return tmp_path / "batch.npz"


@pytest.fixture
def as_inception(monkeypatch):
    """The small classifier in the place of Inception, of which the statistics of such files are."""
    load = registry.load
    plugin = replace(load("extractors", "digits-cnn"), family="fid-inception")
    monkeypatch.setattr(
        registry,
        "load",
        lambda kind, name: plugin if (kind, name) == ("extractors", "digits-cnn") else load(kind, name),
    )


def test_with_inception_all_commands_take_the_statistics_and_say_so(batch, as_inception):
    wanted = bench.fid(batch.with_name("alone.npz"), images(3), **SMALL)
    accumulator = bench.Accumulator(**SMALL)
    accumulator.update(images(3).transpose(0, 3, 1, 2))
    scored = bench.score(batch, images(3), metrics=["fid", "kid"], **SMALL)
    for result in (bench.fid(batch, images(3), **SMALL), scored, accumulator.compute(batch)):
        assert result["fid"] == pytest.approx(wanted["fid"], rel=1e-9)
        assert result["fid_corrected"] is None
        assert any("this FID uses its mu and sigma" in warning for warning in result["warnings"])
    assert scored["kid"] == bench.score(images(2), images(3), metrics=["kid"], **SMALL)["kid"]


def test_with_another_extractor_it_is_a_set_of_images(batch):
    wanted = bench.fid(images(2), images(3), **SMALL)
    for result in (bench.fid(batch, images(3), **SMALL), bench.score(batch, images(3), metrics=["fid"], **SMALL)):
        assert (result["fid"], result["fid_corrected"]) == (wanted["fid"], wanted["fid_corrected"])
        assert any("which only the FID of inception uses" in warning for warning in result["warnings"])


@pytest.mark.parametrize("other", [{"tap": "logits"}, {"resize": "torch"}])
def test_another_tap_or_resize_is_of_the_images(batch, as_inception, other):
    assert bench.fid(batch, images(3), **SMALL, **other)["fid_corrected"] is not None


def test_what_needs_the_images_names_the_way_to_them(batch, as_inception):
    with pytest.raises(InputError, match="save its arr_0 in a file of its own"):
        bench.fid(batch, images(3), influence=3, **SMALL)
