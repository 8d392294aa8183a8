"""Features computed by the workers of a Dask scheduler: the same bytes, and one line for what is not there."""

import sys
from dataclasses import replace

import numpy as np
import pytest

import bench
import bench.measuring.tiles
from bench.measuring.clusters import _settings
from bench.measuring.measure import measure
from bench.measuring.spreading import Spread
from metrics.errors import InputError

distributed = pytest.importorskip("distributed")
SET = "digits:test"


def test_workers_of_a_scheduler_give_the_same_bytes(monkeypatch):
    monkeypatch.setattr(bench.measuring.tiles, "TILE", 256)
    source = bench.open_source(SET)
    rows = measure("pixels", cache=False).features(source, ["pool"]).arrays["pool"]
    local = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**local) as cluster:
        spread = Spread(scheduler=cluster.scheduler_address)
        found = measure("pixels", cache=False, spread=spread).features(source, ["pool"]).arrays["pool"]
        others = replace(source, hashes=source.hashes[::-1])
        with pytest.raises(InputError, match="images of digits:test are others here"):
            measure("pixels", cache=False, spread=spread).features(others, ["pool"])
    np.testing.assert_array_equal(found, rows)


def test_a_scheduler_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(bench.measuring.clusters, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*start one with `dask"):
        bench.fid("digits:train", SET, extractor="pixels", scheduler="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobqueue: [", "is no YAML file"),
        ("slurm: {}", "describes no jobs; expected `jobqueue:` and below it the settings of one of slurm, pbs"),
        ("jobqueue: {cloud: {}}", "describes no jobs"),
        ("jobqueue: {slurm: 3}", "describes no jobs"),
    ],
)
def test_a_file_that_describes_no_jobs_is_refused(tmp_path, text, message):
    (tmp_path / "jobs.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        _settings(tmp_path / "jobs.yaml")


def test_the_settings_of_a_queue_have_the_form_of_dask_jobqueue(tmp_path):
    (tmp_path / "jobs.yaml").write_text("jobqueue:\n  slurm:\n    cores: 8\n    memory: 32GB\n")
    assert _settings(tmp_path / "jobs.yaml") == ("slurm", {"cores": 8, "memory": "32GB"})


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'pip install "genbench\[cluster\]"'):
        bench.fid("digits:train", SET, extractor="pixels", scheduler="tcp://127.0.0.1:9")
