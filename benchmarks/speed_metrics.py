"""PRDC and KID of 10,000 features of 2,048 dimensions, and the Inception Score, beside other packages, on one thread.

The packages prdc and torchmetrics are no dependencies of this project: `pip install prdc torchmetrics` adds them to the
comparison. `--benchmark-timer=time.process_time` counts the processor's time, on a machine that others use too.
`COUNT=50000` in the environment takes another number of features; a package that would need more than 20 GiB for it is
skipped, with its arithmetic.
"""

import os

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from metrics import inception_score, kid, prdc

COUNT, DIMS, CLASSES = int(os.environ.get("COUNT", "10000")), 2_048, 1_008
ROOM = 20  # GiB


def needs(bytes_a_pair: int, why: str) -> None:
    """Skips the package that holds so much of each pair of images at once, where that is too much."""
    if (size := bytes_a_pair * COUNT**2 / 2**30) > ROOM:
        pytest.skip(f"{size:.1f} GiB for {COUNT:,} x {COUNT:,} pairs: {why}")


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def features():
    """Two sets float32 [n, d] that are no less than 0 and have about 64 directions, as those of a network."""
    draw = np.random.default_rng(0)
    mix = draw.normal(size=(64, DIMS)).astype(np.float32) * 0.3
    sides = [draw.normal(size=(COUNT, 64)).astype(np.float32) @ mix for _ in range(2)]
    noise = [0.2 * draw.normal(size=(COUNT, DIMS)).astype(np.float32) for _ in range(2)]
    return tuple(np.maximum(side + extra, 0) for side, extra in zip(sides, noise, strict=True))


@pytest.fixture(scope="module")
def logits():
    draw = np.random.default_rng(1)
    found = 2 * draw.normal(size=(5_000, CLASSES)).astype(np.float32)
    found[np.arange(5_000), draw.integers(0, CLASSES, 5_000)] += 8
    return found


PRDC = f"precision, recall, density, coverage: n = {COUNT}, d = {DIMS}"


def test_bench_prdc(benchmark, features):
    benchmark.group = PRDC
    benchmark.pedantic(prdc.compute, features, rounds=1)


def test_prdc(benchmark, features):
    package = pytest.importorskip("prdc")
    needs(12, "distances float32 and, of the same size, indices int64")
    benchmark.group = PRDC
    benchmark.pedantic(package.compute_prdc, (*features, 5), rounds=1)


def test_torch_fidelity_precision_and_recall(benchmark, features):
    """With `save_cpu_ram` where whole matrices, of which it holds two at once, are too much."""
    from torch_fidelity.metric_prc import prc_features_to_metric

    benchmark.group = PRDC
    sides = [torch.from_numpy(side) for side in features]
    how = {"prc_neighborhood": 5, "prc_batch_size": 10_000, "save_cpu_ram": COUNT > 30_000, "verbose": False}
    benchmark.pedantic(prc_features_to_metric, sides, how, rounds=1)


SCORE = f"Inception Score, 10 splits: n = 5000, {CLASSES} classes (bench: also corrected, with its interval)"


def test_bench_inception_score(benchmark, logits):
    benchmark.group = SCORE
    benchmark.pedantic(inception_score.compute, (logits,), {"splits": 10}, rounds=5, warmup_rounds=1)


def test_torch_fidelity_inception_score(benchmark, logits):
    from torch_fidelity.metric_isc import isc_features_to_metric

    benchmark.group = SCORE
    benchmark.pedantic(isc_features_to_metric, (torch.from_numpy(logits), 10, True, 2020), rounds=5, warmup_rounds=1)


KID = f"KID, 100 subsets of 1000 (bench: also all pairs, with its interval): n = {COUNT}, d = {DIMS}"


def test_bench_kid(benchmark, features):
    benchmark.group = KID
    benchmark.pedantic(kid.compute, features, {"subsets": 100, "subset_size": 1000}, rounds=1)


def test_torch_fidelity_kid(benchmark, features):
    from torch_fidelity.metric_kid import kid_features_to_metric

    benchmark.group = KID
    sides = [torch.from_numpy(side) for side in features]
    how = {"kid_subsets": 100, "kid_subset_size": 1000, "rng_seed": 2020, "verbose": False}
    benchmark.pedantic(kid_features_to_metric, sides, how, rounds=1)


def test_torchmetrics_kid(benchmark, features):
    """In float32, without the time in which it would collect the features."""
    poly_mmd = pytest.importorskip("torchmetrics.image.kid").poly_mmd
    benchmark.group = KID
    real, generated = (torch.from_numpy(side) for side in features)

    def subsets() -> None:
        for _ in range(100):
            one, other = (torch.randperm(COUNT)[:1000] for _ in range(2))
            poly_mmd(real[one], generated[other])

    benchmark.pedantic(subsets, rounds=1)


ALL = f"KID of all pairs (bench: with its interval): n = {COUNT}, d = {DIMS}"


def test_bench_all_pairs(benchmark, features):
    benchmark.group = ALL
    benchmark.pedantic(kid.compute, features, {"subsets": 1, "subset_size": 2}, rounds=1)


def test_torch_fidelity_all_pairs(benchmark, features):
    """One subset that is the whole set."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    benchmark.group = ALL
    needs(16, "three kernels float32 and the product of which one is made")
    sides = [torch.from_numpy(side) for side in features]
    how = {"kid_subsets": 1, "kid_subset_size": COUNT, "rng_seed": 2020, "verbose": False}
    benchmark.pedantic(kid_features_to_metric, sides, how, rounds=1)


def test_torchmetrics_all_pairs(benchmark, features):
    poly_mmd = pytest.importorskip("torchmetrics.image.kid").poly_mmd
    benchmark.group = ALL
    needs(16, "three kernels float32 and the product of which one is made")
    benchmark.pedantic(poly_mmd, [torch.from_numpy(side) for side in features], rounds=1)
