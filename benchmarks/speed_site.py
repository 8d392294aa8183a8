"""The pages of 1,000 entries, from the files of a results folder to a finished site."""

import shutil

import pytest

COUNT = 1000


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with one track."""
    from leaderboard_entries import write_results

    folder = tmp_path_factory.mktemp("thousand") / "results"
    write_results(folder, COUNT)
    return folder


def test_bench_site(benchmark, results, tmp_path):
    from bench.site import write_site

    benchmark.group = f"site of {COUNT:,} entries"

    def empty():
        shutil.rmtree(tmp_path / "site", ignore_errors=True)

    made = benchmark.pedantic(write_site, (results, tmp_path / "site"), setup=empty, rounds=5, warmup_rounds=1)
    assert made.entries == COUNT
