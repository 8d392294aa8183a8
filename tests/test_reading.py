"""Files that others have made: a value or one line that names the file, whatever is in it."""

import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench.storage.array_files import ArrayFile, map_array, read_array
from bench.storage.files import npy_bytes
from bench.storage.reading import (
    Missing,
    Unreadable,
    claimed_members,
    open_zip,
    read_bytes,
    read_json,
    read_text,
    read_toml,
)

ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)
MOST = 2**20


def refused(call, path, **options):
    """The line with which a file is refused; it names the file."""
    with pytest.raises(Unreadable) as error:
        call(path, **options)
    line = str(error.value)
    assert line.startswith(f"{path} ") and "\n" not in line
    return line


def npy(header, data=b""):
    """A .npy file of version 1.0 with this text as its header."""
    text = header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


READERS = {
    "bytes": lambda path: read_bytes(path, most=MOST),
    "text": read_text,
    "json": read_json,
    "toml": read_toml,
    "array": lambda path: read_array(path, most=MOST),
    "mapped": map_array,
    "arrays": ArrayFile,
    "zip": open_zip,
    "members": claimed_members,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_pipe_a_socket_and_a_device_are_refused_at_once(tmp_path, monkeypatch, read):
    pipe, device, folder = tmp_path / "pipe", tmp_path / "device", tmp_path / "folder"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    folder.mkdir()
    assert "is a pipe, expected a file" in refused(read, pipe)
    assert "is a device, expected a file" in refused(read, device)
    assert "is a folder, expected a file" in refused(read, folder)
    with pytest.raises(Missing, match=r"nothing does not exist; restore it"):
        read(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as bound:
        monkeypatch.chdir(tmp_path)  # the name of a socket may have 107 letters
        bound.bind("socket")
        assert "is a socket, expected a file" in refused(read, tmp_path / "socket")


def test_what_is_put_in_place_of_a_file_while_it_is_opened_is_not_waited_for(tmp_path, monkeypatch):
    path, pipe = tmp_path / "file", tmp_path / "pipe"
    path.write_bytes(b"1")
    os.mkfifo(pipe)
    opening = os.open
    monkeypatch.setattr(os, "open", lambda name, flags: opening(pipe if name == path else name, flags))
    assert "is a pipe" in refused(read_text, path)


def test_a_file_without_permission_says_so(tmp_path, monkeypatch):
    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "file").write_bytes(b"1")
    monkeypatch.setattr(os, "open", forbidden)
    assert "cannot be read (Permission denied); check its permissions" in refused(read_text, tmp_path / "file")


@pytest.mark.parametrize("read", [read_text, read_json, read_toml])
def test_a_text_longer_than_its_limit_is_not_read(tmp_path, read):
    (tmp_path / "file").write_bytes(b"1" * 21)
    assert "has 21 bytes, expected at most 20" in refused(read, tmp_path / "file", most=20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a readable JSON"),
        ("NaN", "NaN, which is not a JSON number"),
        ("-Infinity", "which is not a JSON number"),
        ("[1e999]", "1e999, which is beyond float64"),
        ('{"a": 1, "a": 2}', "the key 'a' twice"),
        (r'{"name": "\ud800"}', "surrogates not allowed"),
        (r'{"\uDfff": 1}', "surrogates not allowed"),
        ("[" * 100_000, "not a readable JSON"),
        ("1" * 5_000, "not a readable JSON"),
        ('"\x00"', "not a readable JSON"),
    ],
)
def test_json_that_is_not_strict_is_refused(tmp_path, text, said):
    (tmp_path / "file.json").write_text(text)
    assert said in refused(read_json, tmp_path / "file.json")


def test_a_whole_surrogate_pair_is_one_letter(tmp_path):
    (tmp_path / "file.json").write_text(r'["\ud83d\ude00", "\\ud800"]')
    assert read_json(tmp_path / "file.json") == ["\U0001f600", r"\ud800"]


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2", "a = 2026-99-99", f"a = {'[' * 50_000}", "a = '\udcff'"])
def test_what_is_no_toml_is_refused(tmp_path, text):
    (tmp_path / "file.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "not a readable" in refused(read_toml, tmp_path / "file.toml")


# ----- arrays


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-4, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, , }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 10000000000, 10000000000), }",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (3, 4), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (12,), }",
        "{'descr': '<f4', 'fortran_order': 2, 'shape': (3, 4), }",
        "{'descr': '<x4', 'fortran_order': False, 'shape': (3, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3(4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 12L(), }",
        "{" * 9_000,
        "\x00",
        "",
    ],
)
@pytest.mark.parametrize("read", [READERS["array"], map_array])
def test_a_damaged_header_is_refused(tmp_path, header, read):
    (tmp_path / "rows.npy").write_bytes(npy(header, bytes(48)))
    assert "not a readable array file" in refused(read, tmp_path / "rows.npy")


@pytest.mark.parametrize("read", [READERS["array"], map_array])
def test_a_header_that_claims_more_than_is_there_takes_no_memory(tmp_path, read):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (40000000000,), }"
    (tmp_path / "rows.npy").write_bytes(npy(header, bytes(48)))
    assert "is cut: float32 [40000000000] takes 160,000,000,000 bytes, 48 are there" in refused(
        read, tmp_path / "rows.npy"
    )


@pytest.mark.parametrize("read", [READERS["array"], map_array])
def test_an_array_comes_back_as_it_was_and_one_with_more_behind_it_is_refused(tmp_path, read):
    path = tmp_path / "rows.npy"
    for array in (ROWS, np.asfortranarray(ROWS), ROWS.astype(">f8"), ROWS[:0], np.float32(3)):
        np.save(path, array)
        found = read(path)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    path.write_bytes(npy_bytes(ROWS) * 2)
    assert "has bytes behind its array" in refused(read, path)


def test_a_header_of_python_2_is_read_without_a_word(tmp_path):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }\n"
    (tmp_path / "rows.npy").write_bytes(npy(header, ROWS.tobytes()))
    np.testing.assert_array_equal(map_array(tmp_path / "rows.npy"), ROWS)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_gives_the_arrays_that_are_asked_for(tmp_path, save):
    path = tmp_path / "file.npz"
    save(path, rows=ROWS, text=np.array('{"a": 1}'), objects=np.array([None]))
    with ArrayFile(path) as file:
        assert file.names == ["rows", "text", "objects"]
        assert file.header("rows").shape == (3, 4)
        np.testing.assert_array_equal(file.read("rows", most=48), ROWS)
        assert file.stored("rows") == (save is np.savez)
        if file.stored("rows"):
            np.testing.assert_array_equal(file.map("rows"), ROWS)
        assert file.json("text", most=100) == {"a": 1}
        for wrong in (lambda: file.read("rows", most=47), lambda: file.read("objects", most=99)):
            with pytest.raises(Unreadable):
                wrong()


def test_a_text_that_is_no_unicode_is_refused(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, text=np.array([0x7FFFFFFF], np.uint32).view("<U1").reshape(()))
    with ArrayFile(path) as file, pytest.raises(Unreadable, match="not a readable array file"):
        file.json("text", most=100)


def test_a_zip_member_without_a_name_is_refused(tmp_path):
    path = tmp_path / "file.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy_bytes(ROWS))
    path.write_bytes(path.read_bytes().replace(b"x.npy", b"\0.npy"))  # a name ends at its first zero byte
    assert "has a member without a name" in refused(open_zip, path)
    assert "has a member without a name" in refused(ArrayFile, path)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06", b"PK\x03\x04" + bytes(40)])
def test_a_zip_without_an_end_record_claims_nothing_and_is_refused(tmp_path, data):
    path: Path = tmp_path / "file.zip"
    path.write_bytes(data)
    assert claimed_members(path) == 0
    assert "not a readable zip" in refused(open_zip, path)


def test_a_zip_of_more_members_than_asked_for_is_not_opened(tmp_path):
    path = tmp_path / "file.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5):
            archive.writestr(str(number), b"")
    assert "claims about 5 members, expected at most 4" in refused(open_zip, path, members=4)
    open_zip(path, members=5).close()
