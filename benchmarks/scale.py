"""Features by many processes: the same bits however the work is cut, what it costs, and what grows with n.

    python benchmarks/scale.py same         # sha256 of features and statistics, FID: shards, order, a kill, two folders
    python benchmarks/scale.py memory       # peak memory of 10,000 to 1,000,000 images
    python benchmarks/scale.py processes    # two processes of one thread against one process of two threads
    python benchmarks/scale.py dask         # a scheduler with two workers against a pool of two
    python benchmarks/scale.py merge        # moments of a thousand million rows put together: time, memory, rounding

Images are drawn from their number, so that they need no room. Times are CPU seconds of all processes together, and wall
seconds beside them, which say little on a machine that others use too.
"""

import argparse
import hashlib
import math
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path

import numpy as np

import bench.measuring.tiles
from bench.measuring.batches import Engine
from bench.measuring.features import Pass, extract, fill
from bench.measuring.measure import Measure, measure
from bench.measuring.spreading import Spread
from bench.sources import ImageSource
from bench.storage.cache import Cache
from metrics.arithmetic.gaussian import _in_a_tree, _Moments
from metrics.extractors.types import Extractor
from metrics.fid import GaussianStats, fid_between

SIDE = 32
ADDRESS = "tcp://127.0.0.1:8797"


@dataclass(frozen=True)
class Drawn:
    """Images uint8 [3, SIDE, SIDE], each a function of its number and the seed."""

    seed: int

    def open(self, places: np.ndarray) -> ImageSource:
        numbers = places.tolist()

        def read(index: int) -> np.ndarray:
            words = np.random.Philox(key=self.seed, counter=numbers[index]).random_raw(3 * SIDE * SIDE // 8)
            return words.view(np.uint8).reshape(3, SIDE, SIDE)

        keys = tuple(map(str, numbers))
        hashes = tuple(hashlib.sha256(f"{self.seed} {key}".encode()).hexdigest() for key in keys)
        return ImageSource("drawn", "drawn", keys, hashes, read, origin=self)


def drawn(seed: int, count: int) -> ImageSource:
    return Drawn(seed).open(np.arange(count))


def thin(weights: object, resize: str, device: str, taps: tuple[str, ...]) -> Callable[[np.ndarray], dict]:
    """Sixteen pixels of an image as its features: what is measured beside them is the rest."""
    return lambda images: {"pool": images.reshape(len(images), -1)[:, :16].astype(np.float32)}


THIN = Extractor("thin", "thin", "here", "thin", {"pool": 16}, "pool", ("none",), thin)


def a_measure(extractor: str, folder: Path | None, **how: object) -> Measure:
    return replace(measure(extractor, cache=False, **how), cache=Cache(folder) if folder else None)  # type: ignore[arg-type]


def seconds() -> np.ndarray:
    """Wall, and CPU of this process and of its children that have ended."""
    used = os.times()
    return np.array([time.perf_counter(), used.user + used.system + used.children_user + used.children_system])


# ----- the same bits


def same(extractor: str, count: int) -> None:
    bench.measuring.tiles.TILE = count // 9  # ten tiles, the last one short
    sets = drawn(1, count), drawn(2, count)
    for title, how in (*((f"{n} shards", n) for n in (1, 2, 7, 64)), ("7 shards, reversed", -7)):
        with tempfile.TemporaryDirectory() as folder:
            measuring = a_measure(extractor, Path(folder))
            for source in sets:
                _in_shards(source, measuring, how)
            _show(title, [measuring.features(source, ["pool"]).arrays["pool"] for source in sets])
    for title, processes in (("pool of 2", False), ("pool of 2, one killed", True)):
        _show(title, [_in_pool(source, extractor, processes) for source in sets])
    with two_folders():
        measuring = a_measure(extractor, None, spread=Spread(scheduler=ADDRESS))
        _show("Dask, 2 folders", [measuring.features(source, ["pool"]).arrays["pool"] for source in sets])


def _in_shards(source: ImageSource, measuring: Measure, shards: int) -> None:
    rows = bench.measuring.tiles.tiles(source.count)
    order = range(abs(shards))[:: 1 if shards > 0 else -1]
    for shard in order:
        mine = rows[len(rows) * shard // len(order) : len(rows) * (shard + 1) // len(order)]
        if mine:
            part = source.part(range(mine[0].start, mine[-1].stop))
            fill(part, measuring.how(part), ["pool"], [measuring.resize])


def _in_pool(source: ImageSource, extractor: str, kill: bool) -> np.ndarray:
    def tell(done: int, total: int) -> None:
        if kill and done <= bench.measuring.tiles.TILE:
            multiprocessing.active_children()[0].kill()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measuring = a_measure(extractor, None, spread=Spread(processes=2), progress=tell)
        return measuring.features(source, ["pool"]).arrays["pool"]


def _show(title: str, rows: list[np.ndarray]) -> None:
    stats = [GaussianStats.of(one) for one in rows]
    features, moments = hashlib.sha256(), hashlib.sha256()
    for one, made in zip(rows, stats, strict=True):
        features.update(np.ascontiguousarray(one).tobytes())
        moments.update(made.mean.tobytes() + made.cov.tobytes())
    fid = fid_between(*stats).fid
    print(f"{title:22} features {features.hexdigest()[:16]}  statistics {moments.hexdigest()[:16]}  FID {fid!r}")


class two_folders:
    """A scheduler and two workers, each with a working folder and a cache of its own, as two machines have them."""

    def __enter__(self) -> "two_folders":
        self.folder, self.processes = tempfile.TemporaryDirectory(), []
        self._start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "8797", "--no-dashboard")
        for name in ("one", "other"):
            self._start(name, "worker", ADDRESS, "--nthreads", "1", "--nworkers", "1", "--no-dashboard", "--no-nanny")
        from distributed import Client

        with Client(ADDRESS, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        return self

    def seconds(self) -> float:
        """CPU that its processes have used so far."""
        stats = [Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split() for one in self.processes]
        return sum(int(one[11]) + int(one[12]) for one in stats) / os.sysconf("SC_CLK_TCK")

    def _start(self, name: str, *arguments: str) -> None:
        place = Path(self.folder.name) / name
        place.mkdir()
        root = Path(bench.__file__).parent.parent
        here = {"BENCH_CACHE": str(place), "PYTHONPATH": os.pathsep.join([str(root), str(root / "benchmarks")])}
        command = [sys.executable, "-m", "dask", *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.processes.append(subprocess.Popen(command, cwd=place, env={**os.environ, **here}, **quiet))

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
        self.folder.cleanup()


# ----- what it costs


def memory(extractor: str, count: int) -> None:
    """In a process of its own, since a peak never falls."""
    if count:
        with tempfile.TemporaryDirectory() as folder:
            source = drawn(1, count)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            how = Pass(Engine(THIN, None, ""), Cache(Path(folder)))
            rows = extract(source, how, ["pool"], ["none"])["none"].arrays["pool"]
            stats = GaussianStats.of(rows)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        megabytes = [f"{size / 2**20:.0f} MiB" for size in (rows.nbytes, peak * 1024, before * 1024)]
        print(f"{count:9,} images, {megabytes[0]} of features: peak {megabytes[1]}, of which {megabytes[2]} were taken "
              f"by names and hashes before; trace {np.trace(stats.cov):.6g}")  # fmt: skip
        return
    for count in (10_000, 100_000, 1_000_000):
        subprocess.run([sys.executable, __file__, "memory", "--count", str(count)], check=True)


def processes(extractor: str, count: int) -> None:
    """A quarter of the images and all of them, so that an image's cost is known without the start; in small tiles."""
    bench.measuring.tiles.TILE = min(bench.measuring.tiles.TILE, count // 8)
    source, found, weights = drawn(1, count), {}, None
    if extractor == "inception":
        weights = _random_weights()
    for title, threads, spread in (
        ("one process, 2 threads", 2, Spread()),
        ("two processes, 1 thread", 1, Spread(processes=2)),
    ):
        os.environ["OMP_NUM_THREADS"] = str(threads)
        measuring = a_measure(extractor, None, spread=spread, weights_file=weights)
        measuring.features(source.part(range(8)), ["pool"])  # the network is compiled and kept
        took = []
        for images in (source.part(range(count // 4)), source):
            start = seconds()
            measuring.features(images, ["pool"])
            took.append(seconds() - start)
            print(f"{title}, {images.count:,} images: {took[-1][0]:.1f} s, {took[-1][1]:.1f} s of CPU", flush=True)
        each = (took[1] - took[0]) / (count - count // 4)
        found[title] = took[1], each
        start = took[1][1] - count * each[1]
        print(f"{title}: {each[1] * 1e3:.1f} ms of CPU an image, and {start:.1f} s in the beginning")
    (one, one_each), (two, two_each) = found.values()
    print(f"two processes are {one[0] / two[0]:.0%} efficient by the clock, {one[1] / two[1]:.0%} by CPU time, "
          f"{one_each[1] / two_each[1]:.0%} without the beginning")  # fmt: skip


def _random_weights() -> Path:
    """Of the FID Inception, as the tests make them."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from _random_weights import write_torch_fidelity

    return write_torch_fidelity(Path(tempfile.mkdtemp()) / "inception.pth")


def dask(extractor: str, count: int) -> None:
    """Twice each, in turns: what the second time takes is without the imports of the Dask workers."""
    source = drawn(1, count)
    with two_folders() as cluster:
        for title, spread in 2 * (("pool of 2", Spread(processes=2)), ("Dask, 2 workers", Spread(scheduler=ADDRESS))):
            start, before = seconds(), cluster.seconds()
            a_measure(extractor, None, spread=spread).features(source, ["pool"])
            wall, used = seconds() - start
            print(f"{title}: {wall:.1f} s, {used + cluster.seconds() - before:.1f} s of CPU")


def merge(extractor: str, count: int) -> None:
    """Tiles of 4,096 rows that come again and again, so that the moments of all are known: those of one round."""
    tiles = [_Moments.of(rows) for rows in np.random.default_rng(0).normal(1, 1, (61, 4096, 16))]
    totals = [sum(tile.mean.astype(np.longdouble) for tile in tiles) / len(tiles)]
    totals.append(
        sum(tile.scatter.astype(np.longdouble) + 4096 * np.outer(*2 * (tile.mean - totals[0],)) for tile in tiles)
    )
    for rounds in (1, 40, count // (4096 * len(tiles))):
        for title, put in (("in the tree", _in_a_tree), ("one after the other", partial(reduce, _Moments.merge))):
            start = time.process_time()
            whole = put(tile for _ in range(rounds) for tile in tiles)
            off = [abs(np.longdouble(1) - whole.mean / totals[0]).max()]
            scatter = rounds * totals[1]
            off.append(abs(whole.scatter - scatter).max() / abs(scatter).max())
            spent = f"{whole.count:13,} rows {title}: {time.process_time() - start:.1f} s of CPU"
            print(f"{spent}, mean off by {off[0]:.1e}, covariance by {off[1]:.1e}")
    one = _Moments(4096, np.ones(2048), np.ones((2048, 2048)))
    start = time.process_time()
    for _ in range(10):
        one.merge(one)
    spent, waiting = (time.process_time() - start) / 10, math.ceil(math.log2(count / 4096)) + 1
    size = one.scatter.nbytes / 2**20
    print(f"2,048 dimensions: {spent:.3f} s of CPU for a merge; at most {waiting} parts wait, of {size:.0f} MiB each")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("same", "memory", "processes", "dask", "merge"))
    parser.add_argument("--extractor", default="")
    parser.add_argument("--count", type=int, default=0)
    asked = parser.parse_args()
    usual = {"same": ("digits-cnn", 900), "memory": ("digits-cnn", 0), "processes": ("efficientnet-lite0", 4096)}
    usual["merge"] = ("", 10**9)
    extractor, count = usual.get(asked.what, ("digits-cnn", 10_000))
    globals()[asked.what](asked.extractor or extractor, asked.count or count)
