"""Memory of the statistics of 200,000 images: constant, because they stream from the cache a block at a time."""

import subprocess
import sys
from pathlib import Path

import numpy as np

ROWS, DIMS = 200_000, 2048
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from metrics.fid import GaussianStats

GaussianStats.of(np.load(sys.argv[1], mmap_mode="r"))
# Not getrusage: its peak is that of the process that started this one, where that was larger.
print(next(int(line.split()[1]) // 1024 for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
"""


def _write(path: Path) -> None:
    draw = np.random.default_rng(0)
    with path.open("wb") as out:
        np.lib.format.write_array_header_2_0(out, {"descr": "<f4", "fortran_order": False, "shape": (ROWS, DIMS)})
        for _ in range(0, ROWS, 4000):
            out.write(draw.standard_normal((4000, DIMS), dtype=np.float32).tobytes())


def test_bench_statistics_of_200000_rows(benchmark, tmp_path):
    benchmark.group = f"statistics of {ROWS:,} rows, d = {DIMS}"
    path = tmp_path / "features.npy"
    _write(path)

    def run() -> int:
        command = [sys.executable, "-c", PROGRAM, str(path)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    peak = benchmark.pedantic(run, rounds=1)
    print(f"peak memory of the whole process: {peak} MiB")
    assert peak < 1024
