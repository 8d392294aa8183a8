"""Level 1 of `bench verify --all` on 1,000 entries that were found consistent before, whole process: every hash.

The entries are copies of one real submission to the track `digits` (250 images, 96 features) under other names, so that
everything in them is consistent and nothing ends a check early. The first run, which looks at everything, is not timed:
it takes 0.34 s of CPU time an entry, most of it for the signs of memorisation; later ones take 0.002 s (process time of
`verify_entry` on a busy machine). Bound: 10 s for a later run.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

ENTRIES = 1_000
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    from submitted import blends, good, save

    from bench.leaderboard.entries import read_entry
    from bench.leaderboard.entry_places import beside, entry_path

    folder = tmp_path_factory.mktemp("results")
    good("submit", save(folder / "samples", blends()), "--track", "digits", "--name", "0", "--results", folder)
    first = entry_path(folder, "digits", "0")
    entry = read_entry(first)
    for number in range(1, ENTRIES):
        path = entry_path(folder, "digits", str(number))
        shutil.copytree(beside(first), beside(path))
        again = replace(entry, slug=str(number), about=replace(entry.about, name=str(number)))
        path.write_text(json.dumps(asdict(again), indent=2, sort_keys=True) + "\n")
    return folder


@pytest.mark.benchmark(group="verify level 1 of 1,000 entries")
def test_bench(benchmark, results):
    command = [sys.executable, "-m", "bench", "verify", "--all", "--results", str(results)]

    def verify():
        done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
        assert "1,000 entries, 0 with something wrong" in done.stdout

    benchmark.pedantic(verify, rounds=3, warmup_rounds=1)
