"""Features computed by the workers of a Dask scheduler: the same bytes, and one line for what is not there."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import distributed
import numpy as np
import pytest
from PIL import Image

import bench
import bench.measuring.tiles
from bench.measuring import spreading
from bench.measuring.clusters import _settings
from bench.measuring.measure import measure
from bench.measuring.spreading import Spread
from bench.measuring.worker import task_of
from metrics.errors import InputError

ROOT = Path(bench.__file__).parent.parent
SET = "digits:train"


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers, each a process: the first one and its address."""
    command = [sys.executable, Path(__file__).with_name("dask_cluster.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}) as running:
        yield running, running.stdout.readline().strip()
        with suppress(BrokenPipeError):
            running.stdin.close()


@pytest.fixture(scope="module")
def digits():
    return bench.open_source(SET)


@pytest.fixture
def ask(cluster, monkeypatch):
    """The features of a set, by these workers in tiles of 128 images."""
    monkeypatch.setattr(bench.measuring.tiles, "TILE", 128)

    def features(source, progress=None, cache=False):
        how = measure("pixels", cache=cache, spread=Spread(scheduler=cluster[1]), progress=progress)
        return how.features(source, ["pool"]).arrays["pool"]

    return features


def test_workers_of_which_one_is_killed_give_the_same_bytes(ask, cluster, digits):
    with distributed.Client(cluster[1], set_as_default=False) as client:
        killed = client.run(os.getpid).popitem()[1]

    def kill_one(done, total):
        if done == 128:
            os.kill(killed, signal.SIGKILL)

    expected = measure("pixels", cache=False).features(digits, ["pool"]).arrays["pool"]
    np.testing.assert_array_equal(ask(digits, kill_one), expected)


def test_ctrl_c_keeps_the_finished_tiles_and_leaves_the_workers_to_the_next(ask, cluster, digits):
    def press(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(digits, press, cache=True)
    assert 0 < bench.cache_status(SET, extractor="pixels").missing < 1297


def test_a_worker_that_sees_other_images_is_one_line(ask, digits):
    with pytest.raises(InputError, match=r"images of digits:train are others here"):
        ask(replace(digits, hashes=digits.hashes[::-1]))


def test_a_worker_that_does_not_see_the_images_is_one_line(ask, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    source = bench.open_source(folder)
    folder.rename(tmp_path / "moved")
    with pytest.raises(InputError, match=r"images does not exist"):
        ask(source)


def test_a_worker_of_another_version_is_one_line(ask, digits, monkeypatch):
    monkeypatch.setattr(spreading, "task_of", lambda *given: replace(task_of(*given), release="genbench 0.0.1"))
    with pytest.raises(InputError, match=r"and genbench 0.0.1 asks; install the same version everywhere"):
        ask(digits)


def test_a_scheduler_that_is_killed_is_one_line(ask, cluster, digits):
    def kill(done, total):
        cluster[0].kill()

    with pytest.raises(InputError, match=r"the scheduler at tcp://127.0.0.1:\d+ is gone .* give the same command"):
        ask(digits, kill)


def test_a_scheduler_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(bench.measuring.clusters, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*start one with `dask"):
        bench.fid("digits:test", SET, extractor="pixels", scheduler="tcp://127.0.0.1:9")


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


def test_jobs_that_a_queue_refuses_are_one_line(tmp_path):
    """In a process of its own: dask-jobqueue leaves sockets open, and tracebacks at its end."""
    sbatch = tmp_path / "sbatch"
    sbatch.write_text("#!/bin/sh\necho 'invalid partition: normal' >&2\nexit 1\n")
    sbatch.chmod(0o755)
    jobs = tmp_path / "jobs.yaml"
    here = "interface: lo, scheduler_options: {dashboard_address: ':0'}"
    jobs.write_text(f"jobqueue:\n  slurm: {{cores: 1, memory: 1GB, queue: normal, {here}}}\n")
    command = [sys.executable, "-m", "bench", "features", SET, "--extractor", "pixels", "--dask-jobqueue", jobs]
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2
    (line,) = filter(None, ended.stderr.split("\n"))
    assert "jobs.yaml: jobs cannot be sent (" in line and "invalid partition: normal" in line


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'pip install "genbench\[cluster\]"'):
        bench.fid("digits:test", SET, extractor="pixels", scheduler="tcp://127.0.0.1:9")
