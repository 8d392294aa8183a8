"""One pass over a source: rows where they belong, computed once, kept by content."""

import hashlib
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bench.measuring.batches
import bench.measuring.feature_table
import bench.measuring.features
import bench.storage.cache
from bench.measuring.batches import Engine
from bench.measuring.features import Pass, extract
from bench.sources._types import ImageSource
from bench.storage.cache import Cache
from metrics.arithmetic.arrays import row_blocks
from metrics.errors import InputError
from metrics.extractors.types import Extractor

ROOT = Path(bench.measuring.features.__file__).parent.parent
SIZES = [(4, 4), (4, 4), (5, 3), (4, 4), (5, 3), (2, 2), (4, 4)]


def an_image(row, size):
    return np.random.RandomState(row).randint(0, 256, (3, *size)).astype(np.uint8)


def a_source(images, name="cats", keys=None):
    return ImageSource(
        name=name,
        kind="folder",
        keys=tuple(keys or (f"{row}.png" for row in range(len(images)))),
        hashes=tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in images),
        read=images.__getitem__,
    )


class Network:
    """An extractor that remembers what it was asked: `mean` per channel, and `first` pixels."""

    def __init__(self):
        self.built = []
        self.batches = []

    def build(self, weights, resize, device, taps):
        self.built.append(taps)

        def run(batch):
            self.batches.append(batch.shape)
            assert batch.dtype == np.uint8
            features = {"pool": batch.mean(axis=(2, 3)), "logits": batch[:, 0, 0, :2]}
            return {tap: features[tap].astype(np.float32) for tap in taps}

        return run

    @property
    def extractor(self):
        return Extractor(
            name="stub",
            title="Stub",
            source="this test",
            family="stub",
            taps={"pool": 3, "logits": 2},
            pool="pool",
            logits="logits",
            resize=("none", "tf1"),
            build=self.build,
        )


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "features")


@pytest.fixture
def images():
    return [an_image(row, size) for row, size in enumerate(SIZES * 3)]


def run(source, network, taps=("pool",), resize="none", cache=None, progress=None, extractor=None, **options):
    options = {"batch_size": 4, "workers": 0, "weights_sha256": "w"} | options
    how = Pass(Engine(extractor or network.extractor, None, **options), cache, progress)
    return extract(source, how, taps, (resize,))[resize]


def channel_means(images):
    return np.array([image.mean(axis=(1, 2)) for image in images], np.float32)


def test_each_row_holds_the_features_of_its_image(images, network):
    table = run(a_source(images), network)
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))
    assert table.arrays["pool"].dtype == np.float32


def test_the_table_says_what_it_depends_on(images, network):
    source = a_source(images)
    table = run(source, network, resize="tf1", weights_sha256="abc")
    assert (table.source_digest, table.source_name, table.count) == (source.digest, "cats", len(images))
    assert (table.extractor, table.version, table.weights_sha256, table.resize) == ("stub", 1, "abc", "tf1")
    assert table.hashes == source.hashes and table.warnings == ()


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 32])
@pytest.mark.parametrize("workers", [0, 2])
def test_batch_size_workers_and_caching_change_nothing(images, network, cache, cached, batch_size, workers):
    table = run(a_source(images), network, batch_size=batch_size, workers=workers, cache=cache if cached else None)
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))


def test_images_of_one_size_wait_for_each_other_to_fill_a_batch(network):
    images = [an_image(row, (4, 4) if row % 2 else (5, 3)) for row in range(16)]
    run(a_source(images), network, batch_size=4)
    assert [shape[0] for shape in network.batches] == [4, 4, 4, 4]


def test_a_lonely_size_does_not_wait_longer_than_the_window(network):
    images = [an_image(0, (9, 9))] + [an_image(row, (4, 4)) for row in range(1, 200)]
    run(a_source(images), network, batch_size=4)
    position = [shape[2:] for shape in network.batches].index((9, 9))
    assert position <= bench.measuring.batches.WINDOW_BATCHES + 1


def test_few_images_wait_where_they_are_large(network, monkeypatch, images):
    monkeypatch.setattr(bench.measuring.batches, "WINDOW_BYTES", 100)
    table = run(a_source(images), network, batch_size=32)
    assert max(shape[0] for shape in network.batches) <= 3  # 48 bytes an image
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))


def test_the_second_time_nothing_is_computed(images, network, cache):
    first = run(a_source(images), network, cache=cache)
    second = run(a_source(images), network, cache=cache)
    assert network.built == [("pool",)]
    assert isinstance(second.arrays["pool"], np.memmap)
    np.testing.assert_array_equal(first.arrays["pool"], second.arrays["pool"])


def test_one_tap_after_both_is_a_hit_and_the_other_after_one_computes_only_that(images, network, cache):
    run(a_source(images), network, taps=("pool", "logits"), cache=cache)
    run(a_source(images), network, taps=("logits",), cache=cache)
    assert network.built == [("pool", "logits")]
    other = Network()
    run(a_source(images[:5]), other, taps=("pool",), cache=cache)
    table = run(a_source(images[:5]), other, taps=("pool", "logits"), cache=cache)
    assert other.built == [("pool",), ("logits",)]
    assert list(table.arrays) == ["pool", "logits"]


def test_all_missing_taps_come_from_one_pass(images, network):
    run(a_source(images), network, taps=("pool", "logits", "pool"))
    assert sum(shape[0] for shape in network.batches) == len(images)


def test_a_renamed_folder_is_a_hit(images, network, cache):
    run(a_source(images), network, cache=cache)
    run(a_source(images, name="dogs", keys=[f"other/{row}.png" for row in range(len(images))]), network, cache=cache)
    assert len(network.built) == 1


def test_another_order_is_a_miss(images, network, cache):
    run(a_source(images), network, cache=cache)
    run(a_source(images[::-1]), network, cache=cache)
    assert len(network.built) == 2


def test_whatever_a_feature_depends_on_is_in_the_key(images, network, cache, monkeypatch):
    source = a_source(images)
    run(source, network, cache=cache)
    changed = [images[0] ^ 1, *images[1:]]
    run(a_source(changed), network, cache=cache)
    run(source, network, cache=cache, weights_sha256="other")
    run(source, network, cache=cache, resize="tf1")
    extractor = replace(network.extractor, version=2)
    run(source, network, cache=cache, extractor=extractor)
    monkeypatch.setattr(bench.measuring.feature_table, "FEATURES_VERSION", 0)
    run(source, network, cache=cache)
    assert len(network.built) == 6


def test_a_damaged_entry_is_computed_again_and_reported(images, network, cache):
    run(a_source(images), network, cache=cache)
    (features,) = cache.root.glob("*/features.npy")
    features.write_bytes(b"")
    table = run(a_source(images), network, cache=cache)
    assert len(network.built) == 2 and "damaged" in table.warnings[0]
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))
    assert cache.verify() == []


def test_progress_counts_images_to_the_end(images, network):
    seen = []
    run(a_source(images), network, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen) and seen[-1] == (len(images), len(images))


@pytest.mark.parametrize("limit", [10, 150, 210])  # in the header, in the rows, in the last batch
def test_a_disk_that_fills_up_on_the_way_costs_a_warning_and_not_the_result(images, network, cache, limit, monkeypatch):
    """A limit on file sizes makes the kernel refuse the write itself, as a full disk does."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # modules that are compiled meanwhile would be cut, too
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        table = run(a_source(images), network, cache=cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))
    assert len(table.warnings) == 1 and "not kept in the cache" in table.warnings[0]
    assert list(cache.root.iterdir()) == []


def fail_with_no_space(handle):
    raise OSError(28, "No space left on device")


def test_a_disk_that_is_full_at_the_sync_costs_a_warning_and_not_the_result(images, network, cache, monkeypatch):
    monkeypatch.setattr(bench.storage.cache.os, "fsync", fail_with_no_space)
    table = run(a_source(images), network, taps=("pool", "logits"), cache=cache)
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))
    assert len(table.warnings) == 1 and "No space left" in table.warnings[0]
    assert list(cache.root.iterdir()) == []


def test_a_cache_folder_in_the_way_costs_a_warning(images, network, tmp_path):
    (tmp_path / "file").write_text("")
    table = run(a_source(images), network, cache=Cache(tmp_path / "file" / "features"))
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))
    assert "not kept" in table.warnings[0]


def test_a_cache_that_is_emptied_during_the_pass_costs_nothing(images, network, cache):
    table = run(a_source(images), network, cache=cache, progress=lambda done, total: cache.empty())
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(images))
    assert table.warnings == ()


def test_an_interrupt_leaves_the_cache_as_it_was(images, network, cache):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(a_source(images), network, cache=cache, workers=2, progress=interrupt)
    assert not cache.root.exists()


@pytest.mark.parametrize("cached", [False, True])
def test_blocks_are_all_rows_in_order(images, network, cache, cached):
    source = a_source(images)
    tables = [run(source, network, cache=cache if cached else None) for _ in range(2)]
    for table in tables:
        parts = list(row_blocks(table.arrays["pool"], rows=4))
        assert {len(part) for part in parts[:-1]} == {4}
        np.testing.assert_array_equal(np.concatenate(parts), channel_means(images))


def test_reading_a_cached_table_in_blocks_takes_the_memory_of_one(cache):
    """The resident pages of this process, as the kernel counts them."""
    pages = Path("/proc/self/statm")
    if not pages.exists():
        pytest.skip("needs /proc")

    def resident_bytes():
        return int(pages.read_text().split()[1]) * resource.getpagesize()

    assert cache.put("0" * 64, {"features": np.ones((16_000, 1000), np.float32)}, {"what": "", "source": ""}) == ""
    rows = cache.get("0" * 64)["features"]
    before, most = resident_bytes(), 0
    for block in row_blocks(rows, 1000):  # 4 MB of 64 MB
        assert block.sum() == block.size
        most = max(most, resident_bytes() - before)
    assert most < 16e6


def test_features_that_are_not_finite_name_their_images(network, cache):
    images = [np.full((3, 2, 2), value, np.uint8) for value in (0, 1, 2, 1)]

    def build(*_):
        return lambda batch: {"pool": np.where(batch[:, :, 0, 0] == 1, np.nan, 0).astype(np.float32)}

    extractor = replace(network.extractor, build=build)
    with pytest.raises(InputError, match=r"2 images of cats \(1\.png, 3\.png\)"):
        run(a_source(images), network, cache=cache, extractor=extractor)
    assert not cache.root.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"taps": ("pol",)}, "stub has no tap 'pol'. Did you mean 'pool'?"),
        ({"resize": "tf"}, "stub has no resize 'tf'. Did you mean 'tf1'?"),
        ({"resize": "xyz"}, "There are: none, tf1."),
        ({"batch_size": 0}, "batch size 0"),
        ({"workers": -1}, "-1 workers"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_the_network_is_built(images, network, options, message):
    with pytest.raises(InputError) as error:
        run(a_source(images), network, **options)
    assert message in str(error.value)
    assert network.built == []


def test_an_empty_source_is_refused(network):
    with pytest.raises(InputError, match="no images"):
        run(a_source([]), network)


def test_several_resizes_decode_every_image_once(images, network, cache):
    source, read = a_source(images), []
    counted = replace(source, read=lambda index: read.append(index) or source.read(index))
    run(source, network, cache=cache)
    how = Pass(Engine(network.extractor, None, "w", workers=0), cache)
    found = extract(counted, how, ["pool"], ["none", "tf1"])
    assert sorted(read) == list(range(len(images)))
    for resize, table in found.items():
        assert table.resize == resize
        np.testing.assert_array_equal(table.arrays["pool"], run(source, network, resize=resize).arrays["pool"])


def test_a_hit_imports_no_engine(images, network, cache):
    run(a_source(images), network, cache=cache)
    script = f"""
import sys
from pathlib import Path
from bench.storage.cache import Cache
from bench.measuring.batches import Engine
from bench.measuring.features import Pass, extract
from bench.sources import ImageSource
from metrics.extractors.types import Extractor
import bench.measuring.statistics

hashes = {a_source(images).hashes!r}
source = ImageSource("cats", "folder", hashes, hashes, read=None)
stub = Extractor("stub", "", "", "", {{"pool": 3}}, "pool", ("none",), build=None)
cache = Cache(Path({str(cache.root)!r}))
tables = extract(source, Pass(Engine(stub, None, "w"), cache), ["pool"], ["none"])
assert tables["none"].arrays["pool"].shape == ({len(images)}, 3)
heavy = {{"torch", "onnxruntime", "onnx", "scipy", "pandas", "matplotlib", "sklearn"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
