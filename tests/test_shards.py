"""Features computed by other processes: the same bytes, and one clear line for whatever a worker does not find."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from multiprocessing import Pipe, active_children
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from half_an_answer import half_an_answer

import bench
import bench.measuring.spreading
import bench.measuring.tiles
from bench.api.shards import shard_of
from bench.cli import main
from bench.measuring.measure import measure
from bench.measuring.pools import _Answers, _end_with_one, pool
from bench.measuring.spreading import Spread, in_turn
from bench.measuring.worker import task_of, work
from bench.sources.opening import Named
from metrics.errors import InputError

ROOT = Path(bench.__file__).parent.parent
SET, HOW = "digits:train", {"extractor": "pixels"}


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(bench.measuring.tiles, "TILE", 256)


@pytest.fixture(scope="module")
def digits():
    return bench.open_source(SET)


@pytest.fixture(scope="module")
def rows(digits):
    return measure("pixels", cache=False).features(digits, ["pool"]).arrays["pool"]


def a_task(part, **changes):
    measuring = measure("pixels", cache=False)
    engine = measuring.how(part).engine
    return replace(task_of(part, [("clean", "pool")], measuring.spread.network, engine), **changes)


@pytest.mark.usefixtures("small_tiles")
def test_two_workers_of_which_one_is_killed_give_the_same_bytes(digits, rows):
    def kill_one(done, total):
        if done == 256:
            active_children()[0].kill()

    spread = measure("pixels", cache=False, spread=Spread(processes=2), progress=kill_one)
    with pytest.warns(UserWarning, match=r"a worker was lost; \d tiles are left"):
        np.testing.assert_array_equal(spread.features(digits, ["pool"]).arrays["pool"], rows)


@pytest.mark.usefixtures("small_tiles")
def test_ctrl_c_keeps_the_finished_tiles_ends_the_workers_and_says_one_line(monkeypatch):
    def press(phase, done, total):
        if done:
            raise KeyboardInterrupt

    monkeypatch.setattr("bench.cli.features.progress", lambda: nullcontext(press))
    command = ["features", SET, "--extractor", "pixels", "--processes", "2"]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 130
    assert ended.stderr.split("\n") == ["", "bench: interrupted; the cache and all finished files are intact", ""]
    assert not active_children()
    assert 0 < bench.cache_status(SET, **HOW).missing < 1297


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed_in_the_middle_of_its_answer_is_lost_and_not_waited_for():
    with pytest.raises(BrokenExecutor), pool(2) as (executor, _):
        executor.submit(half_an_answer).result()


def test_what_the_executor_closes_at_the_end_of_the_work_is_not_closed_by_the_loss_of_a_worker_too():
    """Both at once closed one file twice, once in some hundred runs: OSError, bad file descriptor."""
    closed, answers = [], _Answers()
    executor = SimpleNamespace(_result_queue=SimpleNamespace(_writer=SimpleNamespace(close=lambda: closed.append(1))))
    reader, writer = Pipe()
    writer.close()  # as the sentinel of a process that has ended
    _end_with_one(executor, [SimpleNamespace(sentinel=reader, terminate=lambda: None)], answers)
    assert closed == [1]
    lost = SimpleNamespace(sentinel=reader, terminate=answers.are_all_there)  # the work ends just then
    _end_with_one(executor, [lost], answers)
    assert closed == [1]


def test_a_pool_whose_worker_is_lost_while_a_task_is_written_to_it_ends():
    with pytest.raises(BrokenExecutor), pool(1) as (executor, _):
        executor.submit(time.sleep, 600)
        waiting = executor.submit(len, bytes(10_000_000))  # more than a pipe holds
        time.sleep(0.2)  # so that its writing has begun
        active_children()[0].kill()
        waiting.result()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no masks of signals")
def test_a_worker_that_is_being_started_does_not_see_ctrl_c():
    with pool(1) as (executor, _):
        assert signal.SIGINT in executor.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()


def test_a_job_array_in_a_shell_fills_the_cache_and_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    status = bench.cache_status(SET, **HOW)
    assert (status.images, status.missing, status.missing_rows) == (1297, 1297, [[0, 1296]])
    array = f"for i in 1 2; do {sys.executable} -m bench features {SET} --extractor pixels --shard $i/2; done"
    subprocess.run(["bash", "-ec", array], check=True, cwd=ROOT, capture_output=True)
    assert bench.cache_status(SET, **HOW).missing == 0
    again = bench.features(SET, **HOW)
    assert (again.computed, again.there) == (0, 1297)


def test_a_shard_reads_its_own_images_and_leaves_the_others_missing():
    found = bench.features(SET, shard="2/2", **HOW)
    assert (found.images, found.computed, found.shard, found.shards) == (273, 273, 2, 2)
    assert bench.cache_status(SET, **HOW).missing_rows == [[0, 1023]]
    of_many = [bench.features(SET, shard=f"{number}/5", **HOW) for number in range(1, 6)]
    assert sum(one.computed for one in of_many) == 1024 and sum(one.images for one in of_many) == 1297


def test_an_array_is_cut_as_a_folder_is():
    images = np.zeros((1030, 4, 4, 3), np.uint8)
    assert bench.features(images, shard="2/2", **HOW).images == 6


def test_a_process_of_torchrun_takes_its_own_shard(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert bench.features(SET, **HOW).images == 273


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_a_shard_that_is_none_is_refused(shard):
    with pytest.raises(InputError, match=r"expected I/N with I from 1 to N, such as 1/64"):
        shard_of(shard)


def test_features_without_a_cache_are_refused():
    with pytest.raises(InputError, match="leave --no-cache out"):
        bench.features(SET, cache=False, **HOW)


# ----- what a worker does


def sent(task):
    return pickle.loads(pickle.dumps(task))  # noqa: S301


def test_a_worker_opens_the_images_of_its_task_again(digits, rows):
    task = sent(a_task(digits.part(range(10, 20))))
    computed, machine = work(task)
    assert task.images is None and machine["device"] == "cpu"
    np.testing.assert_array_equal(computed.arrays["clean", "pool"], rows[10:20])


def test_images_in_memory_are_sent(digits, rows):
    in_memory = bench.open_source(digits.read_range(0, 20))
    task = sent(a_task(in_memory.part(range(10, 20))))
    np.testing.assert_array_equal(work(task)[0].arrays["clean", "pool"], rows[10:20])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"release": "genbench 0.0.1, features 1"}, "genbench 0.0.1, features 1 asks; install the same version"),
        ({"hashes": ("0" * 64,) * 3}, "3 of 3 images of digits:train are others here; all workers must see the same"),
        ({"origin": Named("nowhere", Path()), "sent_from": "elsewhere"}, r"^on \S+: nowhere does not exist"),
        ({"places": np.array([5000])}, "holds 1,297 images here, and number 5,000 was asked for"),
    ],
)
def test_what_a_worker_does_not_find_is_one_line(digits, changes, message):
    with pytest.raises(InputError, match=message):
        work(a_task(digits.part(range(3)), **changes))


def test_another_version_of_an_extractor_is_refused(digits):
    task = a_task(digits.part(range(3)))
    with pytest.raises(InputError, match="asked for is version 9"):
        work(replace(task, network=replace(task.network, version=9)))


def test_a_network_without_a_name_stays_in_this_process():
    with pytest.raises(InputError, match="has no name by which other processes find it"):
        bench.fid(SET, "digits:test", extractor=lambda images: images[:, :, 0, 0], processes=2)


# ----- any executor


def three(task):
    return task * 3, "a machine"


def from_threads():
    return nullcontext((ThreadPoolExecutor(2), 2))


def test_any_executor_of_the_standard_library_will_do():
    found = {number: value for number, value, _ in in_turn(deque(range(9)), lambda n: n, three, from_threads)}
    assert found == {number: 3 * number for number in range(9)}


def test_workers_that_are_lost_again_and_again_end_in_one_line():
    class Broken(ThreadPoolExecutor):
        def submit(self, *_):
            future = Future()
            future.set_exception(BrokenExecutor("gone"))
            return future

    with pytest.warns(UserWarning, match="a worker was lost"), pytest.raises(InputError, match="workers ended 3 times"):
        list(in_turn(deque(range(2)), lambda n: n, three, lambda: nullcontext((Broken(1), 1))))


def test_a_worker_that_hangs_is_told_of(monkeypatch):
    said, go_on = [], Event()

    def tell(line, stacklevel):
        said.append(line)
        go_on.set()

    def slow(task):
        go_on.wait()
        return three(task)

    monkeypatch.setattr(bench.measuring.spreading, "SILENT_SECONDS", 0.01)
    monkeypatch.setattr(bench.measuring.spreading.warnings, "warn", tell)
    assert list(in_turn(deque([1]), lambda n: n, slow, from_threads)) == [(1, 3, "a machine")]
    assert "no tile was finished for 0 minutes (waiting for tile 1, ...): a worker may hang" in said[0]
