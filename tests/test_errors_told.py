"""Errors of the system in words, names of unfinished files, and what is swept, each beside what is not."""

import errno
import os
import signal
import socket
import time

import pytest

from genbench import signals
from genbench.errors import ELSEWHERE, MISSING, cannot, one_line, reason, remedy, told
from genbench.files import LONGEST_STEM, beside, is_unfinished, sweep, temporary
from genbench.places import expanded, named
from genbench.regular import NoRegularFile, open_regular
from metrics.errors import InputError


@pytest.mark.parametrize(
    ("error", "said", "mends"),
    [
        (OSError(errno.EACCES, "no"), "no", "check its permissions and those of its folder, or choose another place"),
        (OSError("words"), "words", ELSEWHERE),
        (OSError(), "OSError", ELSEWHERE),
        (OSError(99_999, "odd"), "odd", ELSEWHERE),
        (FileNotFoundError(errno.ENOENT, "gone"), "gone", MISSING),
        (FileNotFoundError(), "FileNotFoundError", MISSING),
    ],
)
def test_an_error_is_told_with_its_remedy(error, said, mends):
    assert (reason(error), remedy(error)) == (said, mends)
    assert cannot("write", "x", error) == f"cannot write x ({said}); {mends}"
    for then in ("", ", then again"):
        with pytest.raises(InputError) as caught, told("write", "x", InputError, *([then] if then else [])):
            raise error
        assert str(caught.value) == f"cannot write x ({said}); {mends}{then}"
        assert caught.value.__cause__ is error


def test_what_is_no_error_of_the_system_goes_through():
    with pytest.raises(ValueError, match="x"), told("write", "x", InputError):
        raise ValueError("x")
    assert [one_line(error) for error in (ValueError("a\n  b"), ValueError(), ValueError(" "))] == [
        "a b", "ValueError", "ValueError"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "unfinished"),
    [
        (".a.npz.tmp-0123abcd", True),
        (".a.old-0123abcd", True),
        (".a.lock", True),
        (".a-new-0123abcd", True),
        (".a-old-0123abcd", True),
        ("a.tmp-0123abcd", False),
        (".a.tmp-0123abc", False),
        (".a.tmp-0123abcg", False),
        (".tmp-0123abcd", False),
        (".lock", False),
        (".a.new-0123abcd", False),
        (".a.lock2", False),
    ],
)
def test_names_of_what_is_not_finished(tmp_path, name, unfinished):
    assert is_unfinished(tmp_path / name) is unfinished


@pytest.mark.parametrize(("length", "whole"), [(LONGEST_STEM, True), (LONGEST_STEM + 1, False)])
def test_a_temporary_name_holds_the_name_it_is_for_unless_that_is_too_long(tmp_path, length, whole):
    made = temporary(tmp_path / ("x" * length))
    assert (("x" * length) in made.name) is whole
    assert is_unfinished(made) and made.parent == tmp_path and temporary(tmp_path / "x") != temporary(tmp_path / "x")


def test_what_lies_beside_a_file_is_found_by_its_word_the_oldest_first(tmp_path):
    path = tmp_path / "a"
    first, second, aside = temporary(path), temporary(path), temporary(path, "old")
    for number, one in enumerate((second, first, aside, temporary(tmp_path / "ab"))):
        one.touch()
        os.utime(one, (1_000 + number,) * 2)
    assert beside(path) == [second, first]
    assert beside(path, "old") == [aside]
    assert beside(tmp_path / "nothing" / "a") == []


def test_a_sweep_takes_files_folders_and_links_that_are_old_and_follows_none(tmp_path):
    kept = tmp_path / "kept"
    (kept / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for name in ("old", "new"):
        (tmp_path / name).touch()
    for name in ("old", "folder"):
        os.utime(tmp_path / name, (time.time() - 100,) * 2)
    swept = [tmp_path / name for name in ("old", "new", "folder", "link", "nothing")]
    sweep(swept, 50)
    assert [path.name for path in swept if os.path.lexists(path)] == ["new", "link"]
    sweep(swept)
    assert [path.name for path in swept if os.path.lexists(path)] == []
    assert (kept / "inner").is_dir()


def test_only_a_regular_file_is_opened_and_others_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    for name in ("file", "link"):
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"x"
    for name, kind in (("folder", "folder"), ("pipe", "pipe"), ("socket", "socket"), ("/dev/null", "device")):
        with pytest.raises(NoRegularFile, match=f"is a {kind}, expected a file"):
            open_regular(tmp_path / name)
    for name in ("nothing", "a\0b", "\ud800"):
        with pytest.raises(FileNotFoundError):
            open_regular(tmp_path / name)


def test_a_variable_that_is_empty_names_no_place(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for value, place in (("", None), ("~/x", tmp_path / "x"), ("/x", expanded("/x"))):
        monkeypatch.setenv("A_PLACE", value)
        assert named("A_PLACE") == place
    monkeypatch.delenv("A_PLACE")
    assert named("A_PLACE") is None


def test_the_signals_that_end_a_process_are_those_that_it_does_not_ignore(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)
    assert signals.ending() == [signal.SIGTERM, signal.SIGHUP]
    monkeypatch.setattr(
        signal, "getsignal", lambda number: signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL
    )
    assert signals.ending() == [signal.SIGTERM]
