"""Somebody's generator away from the network, from files and from more than its share."""

import json
import os
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from test_generators import SHAPE, SPEC, onnx_generator

from bench.submissions import _isolation
from bench.submissions import generators as _generators
from bench.submissions._isolation import BUBBLEWRAP, NOTHING, UNSHARE, isolated
from bench.submissions.generators import Limits, sample_generator
from metrics.errors import InputError

posix = pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")


works = cache(_isolation._works)  # asked when a test needs it: it starts a process


def needs(one):
    if not works(one):
        pytest.skip(f"{one.name} does not work on this system")


def run_in(one, folder, code, readable=()):
    """What a Python program prints in a kind of isolation."""
    import subprocess

    done = subprocess.run(
        isolated(one, [sys.executable, "-P", "-c", code], folder, readable), cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


TRY = """
import socket
def tried(what):
    try:
        what()
        return "did"
    except OSError:
        return "refused"
print(tried(lambda: open({secret!r}).read()))
print(tried(lambda: open({outside!r}, "w")))
print(tried(lambda: open("own.txt", "w")))
print(tried(lambda: socket.create_connection(("127.0.0.1", {port}), 5)))
"""


def attempts(one, tmp_path):
    """read a file, write beside it, write in its own folder, connect: what came of each."""
    import socket

    (tmp_path / "secret.txt").write_text("told")
    (tmp_path / "own").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {"secret": str(tmp_path / "secret.txt"), "outside": str(tmp_path / "outside.txt")}
        return run_in(one, tmp_path / "own", TRY.format(port=server.getsockname()[1], **names))


def test_in_bubblewrap_there_is_no_network_and_no_file_but_its_own(tmp_path):
    needs(BUBBLEWRAP)
    assert attempts(BUBBLEWRAP, tmp_path) == ["refused", "refused", "did", "refused"]
    assert not (tmp_path / "outside.txt").exists()


def test_in_unshare_there_is_no_network(tmp_path):
    needs(UNSHARE)
    assert attempts(UNSHARE, tmp_path) == ["did", "did", "did", "refused"]


def test_without_isolation_everything_is_open_as_its_words_say(tmp_path):
    assert attempts(NOTHING, tmp_path) == ["did", "did", "did", "did"]
    assert "it can use the network and the files of this user" in NOTHING.words
    assert NOTHING.level == "warning"


def test_in_bubblewrap_home_is_empty_and_only_what_is_named_can_be_read(tmp_path):
    needs(BUBBLEWRAP)
    (tmp_path / "own").mkdir()
    (tmp_path / "model.bin").write_text("given")
    home = Path.home()
    code = f"import os; print(open({str(tmp_path / 'model.bin')!r}).read(), os.listdir({str(tmp_path)!r}))"
    assert run_in(BUBBLEWRAP, tmp_path / "own", code, [tmp_path / "model.bin"])[0] == "given"
    python = [str(path) for path in _isolation._python()]
    strangers = [one.name for one in home.iterdir() if not any(path.startswith(str(one)) for path in python)]
    seen = run_in(BUBBLEWRAP, tmp_path / "own", f"import os; print(*os.listdir({str(home)!r}))") if strangers else []
    assert not set(seen) & set(strangers)


@pytest.mark.parametrize("kind", (BUBBLEWRAP, UNSHARE))
def test_isolation_changes_no_pixel(tmp_path, monkeypatch, kind):
    needs(kind)
    path = onnx_generator(tmp_path / "g.onnx")
    made = {}
    for one in (kind, NOTHING):
        monkeypatch.setattr(_generators, "isolation", lambda one=one: one)
        made[one.name], _, said = sample_generator("onnx", path, SPEC, 70, SHAPE, Limits())
        assert said == one
    assert np.array_equal(*made.values())


def test_the_strongest_that_works_is_taken(monkeypatch):
    for there, expected in (("bubblewrap unshare", BUBBLEWRAP), ("unshare", UNSHARE), ("", NOTHING)):
        monkeypatch.setattr(_isolation, "_works", lambda one, there=there: one.name in there.split())
        _isolation.isolation.cache_clear()
        assert _isolation.isolation() == expected
    _isolation.isolation.cache_clear()


def test_a_program_that_is_not_there_isolates_nothing(monkeypatch):
    monkeypatch.setattr(_isolation, "which", lambda name: None)
    assert not _isolation._works(BUBBLEWRAP)
    assert not _isolation._works(UNSHARE)


def test_a_program_that_may_not_make_namespaces_isolates_nothing(monkeypatch):
    monkeypatch.setattr(_isolation, "isolated", lambda *given: [sys.executable, "-c", "raise SystemExit(1)"])
    assert not _isolation._works(BUBBLEWRAP)


# ----- what the process leaves, prints and starts


@pytest.mark.parametrize(
    ("images", "said", "told"),
    [
        (None, [], "without images that can be read .*does not exist"),
        (np.zeros((2, 1, 4, 6), np.uint8), None, "without images that can be read"),
        (np.zeros((3, 1, 4, 6), np.uint8), [], "left something else than 2 images"),
        (np.zeros((2, 1, 4, 6), np.float32), [], "left something else than 2 images"),
        (np.zeros((2, 4, 6), np.uint8), [], "left something else than 2 images"),
        (np.zeros((2, 1, 4, 6), np.uint8), ["fine", 3], "left something else than 2 images"),
        (np.zeros((2, 1, 90, 90), np.uint8), [], "without images that can be read"),
        (np.array([None]), [], "without images that can be read .*Python objects"),
    ],
)
def test_what_the_process_left_is_read_as_a_stranger_s(tmp_path, images, said, told):
    if images is not None:
        np.save(tmp_path / "images.npy", images)
    if said is not None:
        (tmp_path / "said.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match=rf"g\.onnx .*{told}"):
        _generators._left(tmp_path, Path("g.onnx"), 2, 200)


def run_script(tmp_path, monkeypatch, code, minutes=1.0):
    """A program of ours in the place of the one that runs generators, in its folder and without isolation."""
    (tmp_path / "process.py").write_text(code)
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(_generators, "PROCESS", tmp_path / "process.py")
    monkeypatch.setattr(_generators, "isolation", lambda: NOTHING)
    return _generators._run(tmp_path / "own", tmp_path / "g.onnx", Limits(minutes=minutes))


def test_messages_without_end_stop_the_process(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"g\.onnx writes more than 1,048,576 bytes of messages"):
        run_script(tmp_path, monkeypatch, "import sys\nwhile True: sys.stderr.write('x' * 9999 + '\\n')")


def test_messages_are_read_to_their_end(tmp_path, monkeypatch):
    code = "import sys\nsys.stderr.write('x\\n' * 500_000 + 'the reason\\n'); sys.exit(3)"
    with pytest.raises(InputError, match=r"g\.onnx the reason"):
        run_script(tmp_path, monkeypatch, code)


def test_what_is_printed_is_kept_nowhere(tmp_path, monkeypatch):
    assert run_script(tmp_path, monkeypatch, "for _ in range(30_000): print('x' * 9_999)") == NOTHING  # 300 MB


CHILD = "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], {how})\n"
TELL = "open('child', 'w').write(str(p.pid))\n"


def is_running(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().split()[2] != "Z"


def gone(pid):
    """Whether a process is dead, or dies in a moment: the signal was sent before."""
    for _ in range(200):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


@posix
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize(
    ("end", "said"),
    [("", None), ("import time; time.sleep(600)", "took longer"), ("import os; os.abort()", "signal 6")],
)
def test_what_the_process_started_dies_with_it(tmp_path, monkeypatch, end, said):
    code = CHILD.format(how="stdout=-3, stderr=-3") + TELL + end
    if said is None:
        run_script(tmp_path, monkeypatch, code)
    else:
        with pytest.raises(InputError, match=said):
            run_script(tmp_path, monkeypatch, code, minutes=0.02 if end.startswith("import time") else 1)
    assert gone(int((tmp_path / "own" / "child").read_text()))


def test_the_process_of_a_generator_compiles_no_module_that_its_limits_would_cut(tmp_path, monkeypatch):
    asked = {}

    def started(*command, **named):
        asked.update(named)
        raise OSError("started")

    monkeypatch.setattr("bench.submissions.generators.isolation", lambda: None)
    monkeypatch.setattr("bench.submissions.generators.isolated", lambda *given: [])
    monkeypatch.setattr("bench.submissions.generators.subprocess.Popen", started)
    with pytest.raises(OSError, match="started"):
        _generators._run(tmp_path, tmp_path / "g.onnx", Limits())
    assert asked["env"]["PYTHONDONTWRITEBYTECODE"] == "1"
