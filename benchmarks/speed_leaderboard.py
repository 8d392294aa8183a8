"""A results folder with 1,000 entries of one track, made up but for their shape: the ranking in the terminal (a second
is the aim, without torch), and all tables written anew and checked."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ENTRIES = 1_000
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    from leaderboard_entries import COUNT, entry, place, rules, track_record

    from bench.leaderboard.entries import write_track
    from bench.leaderboard.entry_places import INFLUENCE, beside, entry_path, track_path

    folder = tmp_path_factory.mktemp("results")
    chosen, draw = rules(), np.random.default_rng(0)
    write_track(track_path(folder, "digits"), track_record("digits", chosen))
    for number in range(ENTRIES):
        made = entry(number, "digits", chosen)
        path = beside(entry_path(folder, "digits", made.slug)) / INFLUENCE
        path.parent.mkdir(parents=True)
        np.save(path, (0.01 * draw.normal(size=(2, 1 + COUNT))).astype(np.float32))
        files = {INFLUENCE: hashlib.sha256(path.read_bytes()).hexdigest()}
        place(folder, replace(made, files=files), number, picture=False)
    return folder


def _run(results: Path, *words: str) -> None:
    command = [str(SCRIPTS / "bench"), "leaderboard", *words, "--results", str(results)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_bench_leaderboard(benchmark, results):
    benchmark.group = "bench leaderboard TRACK, 1,000 entries, whole process"
    benchmark.pedantic(_run, (results, "digits"), rounds=5, warmup_rounds=1)


def test_bench_leaderboard_of_all_tracks(benchmark, results):
    benchmark.group = "bench leaderboard, all tracks"
    benchmark.pedantic(_run, (results,), rounds=3, warmup_rounds=1)


def test_bench_leaderboard_written_and_checked(benchmark, results):
    benchmark.group = "bench leaderboard --write, then --check"

    def both() -> None:
        _run(results, "--write")
        _run(results, "--check")

    benchmark.pedantic(both, rounds=3, warmup_rounds=1)
