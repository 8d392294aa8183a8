"""What an OSError is told as, locks that die with their process, folders that two write at once, signals."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from usual_signals import usual_signals

from genbench import errors, files, folders, locks
from genbench.files import temporary, whole, write_bytes
from genbench.folders import whole_folder

ROOT = Path(__file__).resolve().parent.parent

LONG_SECONDS = 120  # where a process hangs, a test says so

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


def python(code, *arguments, **options):
    """A process that runs this code and knows `genbench` and `bench`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)


# ----- words


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "check its permissions"),
        (errno.EPERM, "check its permissions"),
        (errno.EROFS, "can only be read"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.ENOTDIR, "a file stands where a folder is needed"),
        (errno.EISDIR, "it is a folder"),
        (errno.EXDEV, "another disk"),
        (errno.EAGAIN, "wait for it"),
        (errno.ENOENT, "check that it is there"),
    ],
)
def test_each_cause_has_its_own_remedy(number, said):
    told = errors.cannot("write", Path("a"), OSError(number, os.strerror(number)))
    assert told.startswith(f"cannot write a ({os.strerror(number)}); ") and said in told
    assert ("free some space" in told) == (number in (errno.ENOSPC, errno.EDQUOT))


def test_an_error_without_a_number_is_told_too():
    assert errors.cannot("read", Path("a"), OSError("gone")) == "cannot read a (gone); choose another place"


# ----- files


@posix
@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_files_and_folders_have_the_permissions_of_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_bytes(tmp_path / "a", b"1")
        with whole(tmp_path / "b") as unfinished:  # as libraries do that make a file of their own
            unfinished.unlink()
            os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY, 0o600))
        folders.new_folder(tmp_path, "c")
        with whole_folder(tmp_path / "d"):
            pass
    finally:
        os.umask(before)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == (0o777 if path.is_dir() else 0o666) & ~umask, path


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path):
    write_bytes(tmp_path / ("a" * 250), b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["a" * 250]


def test_what_a_killed_writer_left_is_swept_by_the_next_after_a_day(tmp_path):
    path = tmp_path / "a"
    fresh, stale = temporary(path), temporary(path)
    for one in (fresh, stale, tmp_path / "b"):
        one.write_bytes(b"1")
    os.utime(stale, (0, 0))
    write_bytes(path, b"2")
    assert sorted(tmp_path.iterdir()) == sorted([path, fresh, tmp_path / "b"])


# ----- locks

HOLD = """
import sys, time
from pathlib import Path
from genbench.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@posix
def test_the_lock_of_a_killed_process_is_taken_over(tmp_path):
    path = tmp_path / "a"
    holder = python(HOLD, path)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), locks.locked(path):
        pass
    holder.kill()
    holder.communicate()
    assert locks.lock_of(path).exists()
    with locks.locked(path) as held:
        assert held
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_written_all_the_same(tmp_path, monkeypatch):
    def unknown(handle):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks, "_lock", unknown)
    with whole_folder(tmp_path / "a") as unfinished:
        (unfinished / "b").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]


# ----- folders

WRITE = """
import sys, time
from pathlib import Path
from genbench.folders import whole_folder
folder, content, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
with whole_folder(folder) as unfinished:
    for number in range(30):
        (unfinished / str(number)).write_text(content)
        if number == 15:
            print("half", flush=True)
            time.sleep(seconds)
"""


def content(folder):
    return [path.read_text() for path in folder.iterdir()]


def test_two_processes_that_write_a_folder_at_once_leave_one_whole(tmp_path):
    writers = [python(WRITE, tmp_path / "made", word, 0.05) for word in ("one", "two", "three")]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert content(tmp_path / "made") in [[word] * 30 for word in ("one", "two", "three")]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@posix
def test_what_a_process_killed_while_it_wrote_left_is_swept_by_the_next(tmp_path):
    with whole_folder(tmp_path / "made") as unfinished:
        (unfinished / "old").write_text("old")
    writer = python(WRITE, tmp_path / "made", "new", 600)
    assert writer.stdout.readline() == "half\n"
    writer.kill()
    writer.communicate()
    left = {path.name for path in tmp_path.iterdir()} - {"made"}
    assert len(left) == 2 and all(files.is_unfinished(Path(name)) for name in left)
    assert content(tmp_path / "made") == ["old"]
    with whole_folder(tmp_path / "made") as unfinished:
        (unfinished / "new").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_what_was_put_aside_by_a_process_killed_between_two_renamings_comes_back(tmp_path):
    aside = temporary(tmp_path / "made", folders.ASIDE)
    aside.mkdir()
    (aside / "old").write_text("old")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "made"):
        raise ZeroDivisionError
    assert content(tmp_path / "made") == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@pytest.mark.parametrize("there", [True, False])
def test_what_belongs_to_a_folder_and_fails_takes_it_back(tmp_path, there):
    if there:
        (tmp_path / "made").mkdir()
        (tmp_path / "made/old").write_text("old")

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "made", then=fail) as unfinished:
        (unfinished / "new").write_text("new")
    assert sorted(path.name for path in tmp_path.rglob("*")) == (["made", "old"] if there else [])


# ----- signals

ENDED = """
import sys, time
from pathlib import Path
import click
from bench.cli import main
from bench.storage.folders import whole_folder

@main.command()
def slow():
    with whole_folder(Path("made")) as unfinished:
        (unfinished / "a").touch()
        print("writing", flush=True)
        time.sleep(600)

main.get_command = lambda ctx, name: slow
main.resolve_command = lambda ctx, args: ("slow", slow, [])
main(["slow"])
"""


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_process_that_is_asked_to_end_does_so_like_ctrl_c(tmp_path, name, code):
    running = python(ENDED, cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=usual_signals)
    assert running.stdout.readline() == "writing\n"
    running.send_signal(getattr(signal, name))
    _, told = running.communicate(timeout=LONG_SECONDS)
    assert running.returncode == code
    assert told.strip().startswith("bench: interrupted") and "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    running = python(ignoring + ENDED.replace("600", "0.2"), cwd=tmp_path)
    assert running.stdout.readline() == "writing\n"
    running.send_signal(signal.SIGHUP)
    running.communicate()
    assert running.returncode == 0
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["a"]
