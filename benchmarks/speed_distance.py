"""The Fréchet distance from features with d = 2048 beside other tools, and how many times as long its interval takes.

    OMP_NUM_THREADS=1 python -m pytest benchmarks/speed_distance.py -k "plain or interval"
        --benchmark-timer time.process_time

The second part, of d = 1280, counts seconds of CPU with that timer, and takes a minute.
"""

import numpy as np
import pytest

from metrics.arithmetic.fid_interval import jackknife
from metrics.fid import compute, fid_of

DIMS = 2048
COUNTS = (100, 1000, 5000)
WITH_INTERVAL = ((250, 1280), (1000, 1280), (2000, 1280), (3000, 1280), (4000, 1280))


def _features(count: int, dims: int = DIMS) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(count)
    mix = draw.normal(size=(dims, dims)).astype(np.float32) * np.arange(1, dims + 1, dtype=np.float32) ** -0.5
    x, y = (draw.normal(size=(count, dims)).astype(np.float32) @ mix.T for _ in range(2))
    return x, 1.1 * y + 0.1


@pytest.mark.parametrize("count", COUNTS)
def test_bench(benchmark, count):
    benchmark.group = f"FID of {count} against {count}, d = {DIMS}"
    features = _features(count)
    benchmark.pedantic(fid_of, features, rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("count", COUNTS)
def test_torch_fidelity(benchmark, count):
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    benchmark.group = f"FID of {count} against {count}, d = {DIMS}"
    features = [torch.from_numpy(side) for side in _features(count)]

    def run():
        return fid_statistics_to_metric(*(fid_features_to_statistics(side) for side in features), False)

    benchmark.pedantic(run, rounds=2)


@pytest.mark.parametrize("count", COUNTS)
def test_pytorch_fid(benchmark, count):
    from pytorch_fid.fid_score import calculate_frechet_distance

    benchmark.group = f"FID of {count} against {count}, d = {DIMS}"
    features = _features(count)

    def run():
        statistics = [(side.mean(axis=0), np.cov(side, rowvar=False)) for side in features]
        return calculate_frechet_distance(*statistics[0], *statistics[1])

    try:
        benchmark.pedantic(run, rounds=1)
    except (TypeError, ValueError) as error:
        pytest.skip(f"pytorch-fid fails here: {error}")


@pytest.mark.parametrize(("count", "dims"), WITH_INTERVAL)
def test_bench_plain(benchmark, count, dims):
    benchmark.group = f"with its interval, {count} against {count}, d = {dims}"
    benchmark.pedantic(fid_of, _features(count, dims), rounds=3)


@pytest.mark.parametrize(("count", "dims"), WITH_INTERVAL)
def test_interval(benchmark, count, dims):
    benchmark.group = f"with its interval, {count} against {count}, d = {dims}"
    benchmark.pedantic(compute, _features(count, dims), rounds=2)


@pytest.mark.parametrize("count", COUNTS[:2])
def test_bench_jackknife(benchmark, count):
    benchmark.group = f"jackknife of 20 groups, n = {count}, d = {DIMS}"
    benchmark.pedantic(jackknife, _features(count), {"seed": 0}, rounds=2)
