"""Files written whole or not at all, and the lock that is a file."""

import os
import threading

import numpy as np
import pytest

from bench.storage.files import locked, npy_bytes, npz_bytes, write_bytes, write_text
from metrics.errors import InputError


def test_a_file_is_written_whole_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_text(path, "gr\u00fcn\n")
    assert path.read_bytes() == "gr\u00fcn\n".encode()
    assert [one.name for one in path.parent.iterdir()] == ["b.txt"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("genbench.files.os.fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_arrays_are_the_same_bytes(tmp_path):
    values = np.arange(6.0)
    assert npz_bytes({"a": values}) == npz_bytes({"a": values.copy()})
    (tmp_path / "a.npy").write_bytes(npy_bytes(values))
    assert np.array_equal(np.load(tmp_path / "a.npy"), values)


def test_one_of_many_holds_a_lock_and_the_others_are_told_where_it_is(tmp_path):
    path, inside, refused = tmp_path / "entry.json", [], []
    start, done = threading.Barrier(8, timeout=60), threading.Event()

    def take(number):
        start.wait()
        try:
            with locked(path, "somebody writes"):
                inside.append(number)
                done.wait(30)
        except InputError as error:
            refused.append(str(error))
            if len(refused) == 7:
                done.set()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inside) == 1
    assert len(refused) == 7
    assert all("somebody writes at this moment" in line and ".entry.json.lock" in line for line in refused)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_can_be_waited_for(tmp_path):
    path, order = tmp_path / "a", []
    holding = threading.Event()

    def first():
        with locked(path, "first"):
            holding.set()
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    holding.wait(30)
    with locked(path, "second", seconds=30):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_lock_is_given_back_by_what_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "a", "somebody"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
