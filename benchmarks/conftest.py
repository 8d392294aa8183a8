"""What the benchmarks share: random weights in the public layout, PNG folders, and the ratios printed at the end.

Every group of benchmarks has one named `bench` and its peers; what counts is the ratio of their medians in one run.
"""

import os
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """Inception weights that both sides load."""
    from _random_weights import write_torch_fidelity

    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    write_torch_fidelity(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    os.environ["BENCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> tuple[Path, Path]:
    """Two folders of 256 PNGs, 64x64: smooth noise, so that they compress like pictures."""
    from PIL import Image

    draw = np.random.default_rng(0)
    made = []
    for name in ("a", "b"):
        folder = tmp_path_factory.mktemp(name)
        for index in range(256):
            small = Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8))
            small.resize((64, 64), Image.Resampling.BICUBIC).save(folder / f"{index:04d}.png")
        made.append(folder)
    return made[0], made[1]


def pytest_terminal_summary(terminalreporter, config):
    """One line per group and peer: how many times as long the peer takes as bench."""
    session = getattr(config, "_benchmarksession", None)
    if not session or not session.benchmarks:
        return
    medians: dict[str, dict[str, float]] = {}
    for one in session.benchmarks:
        medians.setdefault(one.group, {})[one.name.removeprefix("test_").split("[")[0]] = one.stats.median
    write = terminalreporter.write_line
    write(f"machine: {os.cpu_count()} cores, {platform.processor() or platform.machine()}, {platform.python_version()}")
    for group, times in medians.items():
        ours = next((seconds for name, seconds in times.items() if name.startswith("bench")), None)
        for name, seconds in times.items():
            ratio = f", {seconds / ours:.2f} x bench" if ours and not name.startswith("bench") else ""
            write(f"{group}: {name} {seconds:.4g} s{ratio}")
