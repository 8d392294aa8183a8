"""Whole processes: two folders of 256 PNGs, the same from the cache, and the commands that must be instant."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(sys.executable).parent


def _run(*words: str | Path) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bench_without_cache(benchmark, folders, weights):
    benchmark.group = "bench fid of 256 + 256 PNGs 64x64"
    command = (SCRIPTS / "bench", "fid", *folders, "--weights", weights, "--no-cache")
    benchmark.pedantic(_run, command, rounds=2, warmup_rounds=1)


def test_fidelity(benchmark, folders, weights):
    benchmark.group = "bench fid of 256 + 256 PNGs 64x64"
    command = (SCRIPTS / "fidelity", "--fid", "--cpu", "--silent", "--input1", folders[0], "--input2", folders[1])
    command += ("--feature-extractor-weights-path", weights, "--no-cache")
    benchmark.pedantic(_run, command, rounds=1)


def test_bench_from_cache(benchmark, folders, weights):
    benchmark.group = "the same from the cache"
    command = (SCRIPTS / "bench", "fid", *folders, "--weights", weights)
    benchmark.pedantic(_run, command, rounds=5, warmup_rounds=1)


def test_bench_help(benchmark):
    benchmark.group = "bench --help"
    benchmark.pedantic(_run, (SCRIPTS / "bench", "--help"), rounds=10, warmup_rounds=1)


def test_bench_list(benchmark):
    benchmark.group = "bench list"
    benchmark.pedantic(_run, (SCRIPTS / "bench", "list"), rounds=10, warmup_rounds=1)
