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
    resizes = ("tf1", "clean", "torch", "antialias")
    plugin = load("extractors", "digits-cnn")
    plugin = replace(plugin, family="fid-inception", spatial="logits", resize=resizes)
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


@pytest.fixture
def spatial(tmp_path, as_inception):
    """Statistics with a spatial pair, as ADM's evaluator needs them, and a batch that holds other images beside."""
    bench.save_statistics(images(1, 20), tmp_path / "both.npz", spatial=True, **SMALL)
    with np.load(tmp_path / "both.npz") as saved:
        pairs = {name: saved[name] for name in ("mu", "sigma", "mu_s", "sigma_s")}
    np.savez(tmp_path / "adm.npz", arr_0=images(2), **pairs)
    return tmp_path


def test_the_spatial_pair_gives_the_sfid_of_the_images_that_it_was_made_of(spatial):
    wanted = bench.score(images(1, 20), images(3), metrics=["fid", "sfid"], **SMALL)
    found = bench.score(spatial / "both.npz", images(3), metrics=["fid", "sfid"], **SMALL)
    assert (found["fid"], found["sfid"]) == pytest.approx((wanted["fid"], wanted["sfid"]), rel=1e-9)
    assert wanted["sfid"] != pytest.approx(wanted["fid"])
    assert found["sfid_corrected"] is None
    assert any("no corrected sFID" in warning for warning in found["warnings"])


def test_of_a_reference_batch_the_sfid_is_that_of_the_statistics_and_it_is_said(spatial):
    wanted = bench.score(spatial / "both.npz", images(3), metrics=["sfid"], **SMALL)
    found = bench.score(spatial / "adm.npz", images(3), metrics=["sfid", "kid"], **SMALL)
    assert found["sfid"] == wanted["sfid"]
    assert found["kid"] == bench.score(images(2), images(3), metrics=["kid"], **SMALL)["kid"]
    assert any("the sFID its mu_s and sigma_s" in warning for warning in found["warnings"])


def test_conventions_read_a_batch_both_ways(spatial):
    """ADM's evaluator takes its statistics, torch-fidelity its images."""
    found = bench.fid(spatial / "adm.npz", images(3), conventions=True, **SMALL)
    rows = {row["tool"]: row for row in found["conventions"]}
    by_images = bench.fid(images(2), images(3), conventions=True, **SMALL)
    assert rows["ADM evaluator"]["fid"] == pytest.approx(found["fid"], rel=1e-5)
    assert "takes the statistics in adm.npz" in rows["ADM evaluator"]["note"]
    for place, row in enumerate(found["conventions"]):
        if row["tool"] in ("torch-fidelity", "clean-fid", "torchmetrics"):
            assert row["fid"] == by_images["conventions"][place]["fid"]
            assert "statistics" not in row["note"]


def test_without_a_spatial_pair_the_sfid_of_a_batch_is_that_of_its_images(batch, as_inception):
    found = bench.score(batch, images(3), metrics=["sfid"], **SMALL)
    assert found["sfid"] == bench.score(images(2), images(3), metrics=["sfid"], **SMALL)["sfid"]


def test_statistics_without_a_spatial_pair_have_no_sfid(batch, as_inception):
    with pytest.raises(InputError, match=r"sfid needs features that keep their place.*holds none; give the images"):
        bench.score(batch.with_name("alone.npz"), images(3), metrics=["sfid"], **SMALL)


def test_a_spatial_pair_of_another_width_is_refused(spatial, batch):
    with np.load(spatial / "both.npz") as saved:
        arrays = {name: saved[name] for name in ("mu", "sigma")}
    np.savez(spatial / "odd.npz", **arrays, mu_s=np.zeros(3), sigma_s=np.eye(3))
    with pytest.raises(InputError, match="has 3 features that keep their place in the image, and digits-cnn has 10"):
        bench.score(spatial / "odd.npz", images(3), metrics=["sfid"], **SMALL)


def test_an_extractor_without_spatial_features_writes_no_spatial_pair(tmp_path):
    with pytest.raises(InputError, match="sfid needs features that keep their place"):
        bench.save_statistics(images(1), tmp_path / "x.npz", spatial=True, **SMALL)


def test_an_accumulator_that_keeps_spatial_features_writes_their_statistics(spatial):
    accumulator = bench.Accumulator(metrics=("fid", "sfid"), **SMALL)
    accumulator.update(images(1, 20).transpose(0, 3, 1, 2))
    bench.save_statistics(accumulator, spatial / "accumulated.npz", spatial=True)
    with np.load(spatial / "accumulated.npz") as found, np.load(spatial / "both.npz") as wanted:
        np.testing.assert_allclose(found["sigma_s"], wanted["sigma_s"], rtol=1e-9)


def test_second_opinions_are_of_the_images(batch):
    found = bench.opinions(images(4, 24), batch, extractors="digits-cnn", metrics="fid", cache=False)
    assert (found.generated, found.count) == ("batch", 12)
