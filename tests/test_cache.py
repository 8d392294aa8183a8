"""The store of arrays: complete entries or none, whoever is killed, whatever the disk does."""

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.storage import cache as cache_module
from bench.storage.cache import Cache, open_cache

KEY = hashlib.sha256(b"a").hexdigest()
OTHER = hashlib.sha256(b"b").hexdigest()
META = {"what": "features stub pool, 3 x 4", "source": "cats"}
ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "features")


def put(cache, key=KEY, rows=ROWS):
    assert cache.put(key, {"features": rows}, META) == ""


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def unfinished(cache):
    return [path.name for path in cache.root.iterdir() if path.name.startswith(".")]


def test_what_was_put_is_got_back_with_types_and_shapes(cache):
    arrays = {"mean": np.linspace(0, 1, 5), "cov": np.eye(5, order="F") * 2, "count": np.array(7)}
    assert cache.put(KEY, arrays, META) == ""
    got = cache.get(KEY)
    assert set(got) == set(arrays)
    for name, array in arrays.items():
        assert got[name].dtype == array.dtype
        np.testing.assert_array_equal(got[name], array)


def test_arrays_of_an_entry_are_memory_mapped_and_read_only(cache):
    put(cache)
    rows = cache.get(KEY)["features"]
    assert isinstance(rows, np.memmap)
    assert not rows.flags.writeable


def test_an_entry_is_plain_numpy_and_json(cache):
    put(cache)
    np.testing.assert_array_equal(np.load(cache.root / KEY / "features.npy"), ROWS)
    assert json.loads((cache.root / KEY / "entry.json").read_text())["meta"] == META


def test_an_unknown_key_is_a_silent_miss(cache):
    problems = []
    assert cache.get(KEY, problems.append) is None
    assert problems == []


def test_the_users_cache_is_below_bench_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    assert open_cache().root == tmp_path / "features"


def test_nothing_is_made_before_the_first_entry(cache):
    assert cache.get(KEY) is None
    assert cache.entries() == [] and cache.verify() == [] and cache.empty() == 0
    assert not cache.root.exists()


def test_a_second_put_of_a_sound_entry_keeps_the_first_and_leaves_nothing_behind(cache):
    put(cache)
    put(cache, rows=ROWS + 1)
    np.testing.assert_array_equal(cache.get(KEY)["features"], ROWS)
    assert unfinished(cache) == []


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda entry: flip_a_byte(entry / "features.npy"), "sha256"),
        (lambda entry: os.truncate(entry / "features.npy", 20), "sha256"),
        (lambda entry: (entry / "features.npy").unlink(), "features.npy does not exist"),
        (lambda entry: (entry / "entry.json").unlink(), "entry.json does not exist"),
        (lambda entry: (entry / "entry.json").write_bytes(b"\xff{"), "not a readable UTF-8 text"),
        (lambda entry: (entry / "entry.json").write_text("[]"), "lists no arrays"),
        (lambda entry: (entry / "entry.json").write_text('{"arrays": {"features": ""}}'), "another entry"),
    ],
)
def test_a_damaged_entry_is_a_reported_miss_and_is_replaced(cache, damage, word):
    put(cache)
    put(cache, OTHER)
    damage(cache.root / KEY)
    problems = []
    assert cache.get(KEY, problems.append) is None
    assert len(problems) == 1 and word in problems[0] and "\n" not in problems[0]
    assert [(finding.key, word in finding.problem) for finding in cache.verify()] == [(KEY, True)]
    put(cache)
    np.testing.assert_array_equal(cache.get(KEY)["features"], ROWS)
    assert cache.verify() == [] and unfinished(cache) == []


def test_an_entry_under_another_key_is_damaged(cache):
    put(cache)
    (cache.root / KEY).rename(cache.root / OTHER)
    assert cache.get(OTHER) is None
    assert "another entry" in cache.verify()[0].problem


def test_entries_say_what_they_are_and_are_listed_even_when_damaged(cache):
    put(cache)
    put(cache, OTHER)
    (cache.root / OTHER / "entry.json").write_text("{")
    old = time.time() - 3600
    for path in [*(cache.root / KEY).iterdir(), cache.root / KEY]:
        os.utime(path, (old, old))
    first, second = cache.entries()
    assert (first.key, first.what, first.source) == (KEY, META["what"], "cats")
    assert first.size_bytes == sum(path.stat().st_size for path in (cache.root / KEY).iterdir())
    assert abs(first.when.timestamp() - old) < 1
    assert second.what.startswith("damaged")


def test_emptying_removes_all_and_counts_the_bytes(cache):
    put(cache)
    put(cache, OTHER)
    (cache.root / ".writing-x").mkdir()
    size = sum(entry.size_bytes for entry in cache.entries())
    assert cache.empty() == size
    assert list(cache.root.iterdir()) == []


def test_emptying_by_age_keeps_the_young(cache):
    put(cache)
    put(cache, OTHER)
    for path in [*(cache.root / KEY).iterdir(), cache.root / KEY]:
        os.utime(path, (0, 0))
    assert cache.empty(older_than=timedelta(days=30)) > 0
    assert cache.get(KEY) is None
    assert cache.get(OTHER) is not None


def test_abandoned_writes_are_swept_after_a_day_and_running_ones_are_not(cache):
    put(cache)
    for name in (".writing-old", ".writing-new"):
        (cache.root / name).mkdir()
        (cache.root / name / "features.npy").write_bytes(b"x" * 100)
    for path in (cache.root / ".writing-old" / "features.npy", cache.root / ".writing-old"):
        os.utime(path, (0, 0))
    put(cache, OTHER)
    assert unfinished(cache) == [".writing-new"]
    assert len(cache.entries()) == 2


def test_a_full_disk_costs_a_warning_and_leaves_nothing_behind(cache, monkeypatch):
    """A limit on file sizes makes the kernel refuse the write itself, as a full disk does."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # modules that are compiled meanwhile would be cut, too
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        warning = cache.put(KEY, {"features": np.zeros((100, 1000), np.float32)}, META)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "not kept in the cache" in warning and "\n" not in warning
    assert list(cache.root.iterdir()) == []


def test_a_disk_that_is_full_at_the_sync_costs_a_warning(cache, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module.os, "fsync", full)
    assert "No space left" in cache.put(KEY, {"features": ROWS}, META)
    assert list(cache.root.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_costs_a_warning(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert "not kept" in Cache(tmp_path / "file" / "features").put(KEY, {"features": ROWS}, META)


def test_a_write_whose_folder_is_emptied_meanwhile_costs_a_warning(cache):
    draft = cache.draft(KEY, META)
    draft.create("features", (1, 1), np.dtype(np.float32)).write(b"\0" * 4)
    cache.empty()
    with pytest.raises(FileNotFoundError):
        draft.commit()
    draft.discard()
    assert cache.entries() == []


def test_an_interrupt_leaves_nothing_behind(cache, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(cache_module.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cache.put(KEY, {"features": ROWS}, META)
    assert list(cache.root.iterdir()) == []


WRITER = """
import hashlib, sys
from pathlib import Path
import numpy as np
from bench.storage.cache import Cache
cache = Cache(Path(sys.argv[1]))
print("ready", flush=True)
for turn in range(int(sys.argv[2]), int(sys.argv[3])):
    key = hashlib.sha256(str(turn % 5).encode()).hexdigest()
    cache.put(key, {"features": np.full((64, 256), turn % 5, np.float32)}, {"what": "w", "source": "s"})
    cache.empty() if turn % 7 == 6 else cache.get(key)
"""


def start_writer(cache, first, last):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(cache.root), str(first), str(last)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(cache_module.__file__).parent.parent,
    )


def test_a_writer_killed_at_any_moment_leaves_no_half_entry(cache):
    moments = random.Random(0)
    for _ in range(8):
        with start_writer(cache, 0, 1_000_000) as writer:
            writer.stdout.readline()
            time.sleep(moments.uniform(0.0, 0.03))
            writer.send_signal(signal.SIGKILL)
        assert cache.verify() == []
        assert all(entry.what == "w" for entry in cache.entries())


def test_processes_that_write_and_empty_the_same_entries_do_not_disturb_each_other(cache):
    writers = [start_writer(cache, first, 150) for first in (0, 1, 2)]
    for writer in writers:
        _, complaints = writer.communicate(timeout=60)
        assert writer.returncode == 0, complaints.decode()
    assert cache.verify() == []
    for turn in range(5):
        entry = cache.get(hashlib.sha256(str(turn).encode()).hexdigest())
        assert entry is None or (entry["features"] == turn).all()
