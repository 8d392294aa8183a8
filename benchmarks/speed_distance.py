"""The Fréchet distance from features with d = 2048, and what the interval costs on top."""

import numpy as np
import pytest

from metrics.arithmetic.fid_interval import jackknife, split_half
from metrics.fid import fid_of

DIMS = 2048
COUNTS = (100, 1000, 5000)


def _features(count: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(count)
    mix = draw.normal(size=(DIMS, DIMS)).astype(np.float32) * np.arange(1, DIMS + 1, dtype=np.float32) ** -0.5
    x, y = (draw.normal(size=(count, DIMS)).astype(np.float32) @ mix.T for _ in range(2))
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


@pytest.mark.parametrize("count", COUNTS[:2])
def test_bench_split_half_interval(benchmark, count):
    benchmark.group = f"split-half interval, n = {count}, d = {DIMS}"
    benchmark.pedantic(split_half, _features(count), {"seed": 0}, rounds=2)


@pytest.mark.parametrize("count", COUNTS[:2])
def test_bench_jackknife_interval(benchmark, count):
    benchmark.group = f"jackknife interval, 20 groups, n = {count}, d = {DIMS}"
    benchmark.pedantic(jackknife, _features(count), {"seed": 0}, rounds=2)
