"""Sets that are measured tile by tile: the same numbers however the work is cut, and nothing is computed twice."""

import hashlib
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from test_features import Network, a_source, an_image, channel_means

import bench
import bench.measuring.tiles
from bench.measuring.batches import Engine
from bench.measuring.features import Pass, extract, fill
from bench.measuring.machines import this_machine
from bench.measuring.spreading import Spread
from bench.storage.cache import Cache
from metrics.errors import InputError

IMAGES = [an_image(row, (4, 4) if row % 3 else (5, 3)) for row in range(27)]  # four tiles of 8, the last one of 3
SOURCE = a_source(IMAGES)
POOL = ("none", "pool")


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch):
    monkeypatch.setattr(bench.measuring.tiles, "TILE", 8)


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "features")


def how(network, cache, **more):
    return Pass(Engine(network.extractor, None, "w", batch_size=4, workers=0), cache, **more)


def run(source, network, cache, **more):
    return extract(source, how(network, cache, **more), ["pool"], ["none"])["none"]


def kept_rows(cache):
    """How many rows of features each entry holds."""
    found = [cache.get(entry.key) for entry in cache.entries()]
    return sorted(len(arrays["features"]) for arrays in found if "features" in arrays)


def sha256(table):
    return hashlib.sha256(table.arrays["pool"].tobytes()).hexdigest()


def test_tiles_begin_with_the_first_row_and_have_one_size():
    assert bench.measuring.tiles.tiles(19) == [range(8), range(8, 16), range(16, 19)]


def test_batches_stay_inside_a_tile(network):
    run(SOURCE, network, None)
    assert sum(shape[0] for shape in network.batches[:3]) == 8


def test_a_set_of_several_tiles_becomes_one_entry(network, cache):
    table = run(SOURCE, network, cache)
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(IMAGES))
    assert isinstance(table.arrays["pool"], np.memmap) and kept_rows(cache) == [27]
    assert sha256(run(SOURCE, network, cache)) == sha256(table) and network.built == [("pool",)]


@pytest.mark.parametrize("shards", [1, 2, 7, 64])
@pytest.mark.parametrize("order", [1, -1])
def test_shards_in_any_order_give_the_same_bytes(network, cache, shards, order):
    whole = run(SOURCE, network, None)
    rows = bench.measuring.tiles.tiles(SOURCE.count)
    for shard in range(shards)[::order]:
        mine = rows[len(rows) * shard // shards : len(rows) * (shard + 1) // shards]
        if mine:
            fill(SOURCE.part(range(mine[0].start, mine[-1].stop)), how(network, cache), ["pool"], ["none"])
    network.batches.clear()
    assert sha256(run(SOURCE, network, cache)) == sha256(whole) and not network.batches


def interrupted_after(images):
    def progress(done, total):
        if done > images:
            raise KeyboardInterrupt

    return progress


def test_what_was_finished_before_an_interrupt_is_not_computed_again(network, cache):
    with pytest.raises(KeyboardInterrupt):
        run(SOURCE, network, cache, progress=interrupted_after(17))
    assert kept_rows(cache) == [8, 8]
    seen = []
    other = Network()
    table = run(SOURCE, other, cache, progress=lambda done, total: seen.append(done))
    assert sum(shape[0] for shape in other.batches) == 27 - 16 and seen[0] > 16 and seen[-1] == 27
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(IMAGES))


def test_a_folder_that_has_grown_computes_its_new_tiles_only(network, cache):
    run(a_source(IMAGES[:24]), network, cache)
    other = Network()
    table = run(SOURCE, other, cache)
    assert sum(shape[0] for shape in other.batches) == 3
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(IMAGES))


def test_a_damaged_tile_is_computed_again_and_reported(network, cache):
    fill(SOURCE, how(network, cache), ["pool"], ["none"])
    next(cache.root.glob("*/features.npy")).write_bytes(b"")
    table = run(SOURCE, network, cache)
    assert sum(shape[0] for shape in network.batches) > 27 and "damaged" in table.warnings[0]
    np.testing.assert_array_equal(table.arrays["pool"], channel_means(IMAGES))


def on_another_machine(network, cache, monkeypatch, factor=1.0):
    """The second tile, computed elsewhere."""

    class Other(Network):
        def build(self, *how):
            plain = super().build(*how)
            return lambda batch: {tap: values * np.float32(factor) for tap, values in plain(batch).items()}

    with monkeypatch.context() as patch:
        elsewhere = {**this_machine("cpu"), "processor": "another"}
        patch.setattr(bench.measuring.features, "this_machine", lambda device: elsewhere)
        fill(SOURCE.part(range(8, 16)), how(Other(), cache), ["pool"], ["none"])


def test_features_of_several_machines_are_told_of_with_their_share_and_size(network, cache, monkeypatch):
    on_another_machine(network, cache, monkeypatch, 1.001)
    for _ in range(2):  # computed, and out of the cache
        (warning,) = run(SOURCE, network, cache).warnings
        assert warning.startswith("cats: the features of 8 of 27 images were computed on another machine (processor ")
        assert "moves features by up to 0.001 (relative)" in warning


def test_machines_that_agree_need_no_warning_but_exact_refuses_them(network, cache, monkeypatch):
    on_another_machine(network, cache, monkeypatch)
    assert run(SOURCE, network, cache).warnings == ()
    with pytest.raises(InputError, match=r"another machine \(processor .*--exact forbids it"):
        run(SOURCE, network, cache, spread=Spread(exact=True))


def test_sets_that_were_measured_on_different_machines_are_told_of(monkeypatch):
    sets = ["digits:real-1", "digits:real-2"]
    for name, threads, processor in zip(sets, (1, 2), ("one", "another"), strict=True):
        elsewhere = {**this_machine("cpu"), "threads": threads, "processor": processor}
        monkeypatch.setattr(bench.measuring.features, "this_machine", lambda device, at=elsewhere: at)
        monkeypatch.setattr(bench.measuring.tiles, "this_machine", lambda device, at=elsewhere: at)
        monkeypatch.setattr(bench.measuring.tiles, "TILE", 1024)
        bench.features(name, extractor="digits-cnn")
    said = "digits:real-1 and digits:real-2 were measured on machines that differ (processor one and another"
    (warning,) = (one for one in bench.fid(*sets, extractor="digits-cnn").warnings if "machines" in one)
    assert warning == f"{said}): that moves features by rounding"
    with pytest.raises(InputError, match=r"threads 1 and 2\), and --exact forbids it"):
        bench.fid(*sets, extractor="digits-cnn", exact=True)
    three = [bench.open_source(name, limit=60) for name in (*sets, "digits:test")]
    for number, one in enumerate(three):
        elsewhere = {**this_machine("cpu"), "processor": str(number)}
        monkeypatch.setattr(bench.measuring.features, "this_machine", lambda device, at=elsewhere: at)
        bench.features(one, extractor="digits-cnn")
    found = bench.opinions(three[0], three[2], real_2=three[1], extractors="digits-cnn", metrics="fid")
    assert any("differ (processor 0 and 1 and 2)" in line for line in found.warnings)


def test_the_tiles_of_many_images_take_no_memory_beyond_their_names_and_hashes(network, monkeypatch):
    """50 bytes an image before: names, hashes and numbers of all tiles, and the hashes once more as one text."""
    monkeypatch.setattr(bench.measuring.tiles, "TILE", 1024)
    many = replace(SOURCE, keys=tuple(map(str, range(100_000))), hashes=("0" * 64,) * 100_000)
    tracemalloc.start()
    try:
        digest = many.digest
        tiles = bench.measuring.tiles.Tiles(many, how(network, None).engine, [POOL], None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert digest == hashlib.sha256("\n".join(many.hashes).encode()).hexdigest()
    assert [tiles.part(number).digest for number in (0, 97)] == [tiles.digests[0], tiles.digests[97]]


def test_two_workers_that_do_not_agree_are_told_of(network, cache, monkeypatch):
    tiles = bench.measuring.tiles.Tiles(SOURCE, how(network, cache).engine, [POOL], cache, (said := []).append, None)
    fill(SOURCE, how(network, cache), ["pool"], ["none"])
    first = cache.get(tiles.key(tiles.digests[1], POOL))["features"]
    computed = bench.measuring.batches.Computed({POOL: first * np.float32(2)}, bench.sources.values.Extremes(0, 255))
    tiles.put(1, computed, this_machine("cpu"))
    assert said == [
        "tile 1 of cats was computed twice, and its features differ by up to 0.5 (relative); those that were there "
        "first are used"
    ]


def test_what_cannot_be_kept_is_no_shard(network, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="tile 0 of cats was not kept in the cache"):
        fill(SOURCE, how(network, Cache(tmp_path / "file" / "features")), ["pool"], ["none"])


def test_a_part_is_read_by_rows_where_the_set_is():
    images = np.stack([an_image(row, (4, 4)) for row in range(20)])
    part = bench.open_source(images).part(range(8, 16))
    np.testing.assert_array_equal(part.read_range(6, 99), images[14:16])
    assert part.places == tuple(range(8, 16)) and part.digest == bench.open_source(images[8:16]).digest


def test_a_named_set_is_opened_again_by_its_numbers():
    source = bench.open_source("digits:train", limit=30, seed=1)
    part = source.part(range(8, 16))
    again = part.origin.open(np.array(part.places))
    assert again.hashes == source.hashes[8:16]
    assert replace(source, origin=None).part(range(3)).origin is None
