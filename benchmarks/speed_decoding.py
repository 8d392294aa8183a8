"""Images per second from files to the network's input, with 0, 1, 2 and 4 threads, beside what small networks can take.

    pytest -c benchmarks/pytest.ini benchmarks/speed_decoding.py

The files are smooth noise of 256x256, which compresses like pictures; the .npz holds the same images as raw uint8.
"""

import numpy as np
import pytest

IMAGES, SIZE = 128, 256
WORKERS = (0, 1, 2, 4)
KINDS = ("png", "jpg", "npz")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """One set of each kind, by name."""
    from PIL import Image

    from bench.sources import open_source

    draw, made = np.random.default_rng(0), tmp_path_factory.mktemp("decoding")
    pictures = [
        Image.fromarray(draw.integers(0, 256, (16, 16, 3), dtype=np.uint8)).resize((SIZE, SIZE), 3)
        for _ in range(IMAGES)
    ]
    for kind in KINDS[:2]:
        (made / kind).mkdir()
        for index, picture in enumerate(pictures):
            picture.save(made / kind / f"{index:04d}.{kind}")
    np.savez(made / "images.npz", images=np.stack([np.asarray(one) for one in pictures]))
    return {kind: open_source(made / (kind if kind != "npz" else "images.npz")) for kind in KINDS}


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("kind", KINDS)
def test_bench_decoding(benchmark, sets, kind, workers):
    from bench.sources import iterate

    benchmark.group = f"{IMAGES} images of {SIZE}x{SIZE}, {kind}, {workers} threads"
    benchmark.pedantic(lambda: sum(len(one) for one in iterate(sets[kind], workers)), rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "digits-cnn"])
def test_network(benchmark, name):
    """What one thread of each network takes of such images."""
    from bench import registry
    from bench.weights import ready

    benchmark.group = f"{IMAGES} images of {SIZE}x{SIZE} through {name}"
    plugin = registry.load("extractors", name)
    extract = plugin.build(ready(plugin, None, True).path, plugin.resize[0], "cpu", (plugin.pool,))
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 3, SIZE, SIZE), dtype=np.uint8)
    batches = [images[start : start + 32] for start in range(0, IMAGES, 32)]
    benchmark.pedantic(lambda: [extract(batch) for batch in batches], rounds=2, warmup_rounds=1)
