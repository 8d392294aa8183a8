"""Folders elsewhere are what the same folders are here; what goes wrong on the way is one line and never skipped."""

import io
import re
import socket
import sys
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import bench
from bench.cli import main
from bench.sources import iterate, open_source
from bench.sources.remote import is_remote
from bench.submissions.material import kind_of
from metrics.errors import InputError

NAMES = ["cat/2.png", "cat/10.png", "dog/1.png", "a b%20c/é.png"]


def encoded(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.RandomState(seed).randint(0, 256, (6, 6, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.delenv("BENCH_OFFLINE", raising=False)
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "set"
    for seed, name in enumerate(NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encoded(seed))
    (folder / "notes.txt").write_text("")
    (folder / ".thumbs").mkdir()
    (folder / ".thumbs" / "a.png").write_bytes(b"")
    return folder


@pytest.fixture
def url(memory, folder):
    for path in folder.rglob("*"):
        if path.is_file():
            memory.pipe(f"/bucket/set/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return "memory://bucket/set"


def test_a_folder_elsewhere_is_the_set_that_it_is_here(url, folder):
    here, there = open_source(folder), open_source(url + "/")
    assert (there.name, there.kind, there.named) == ("set", "remote", True)
    assert (there.digest, there.keys, there.labels, there.notes) == (here.digest, here.keys, here.labels, here.notes)
    images = [image for batch in iterate(there, workers=2, batch_size=3) for image in batch]
    assert all(np.array_equal(image, here.read(row)) for row, image in enumerate(images))
    assert open_source(url, limit=2, seed=1).keys == open_source(folder, limit=2, seed=1).keys


def test_a_path_of_a_url_is_that_url(url):
    assert open_source(Path(url)).count == 4
    assert kind_of(Path(url)) == "remote"


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("cat/*.png", ["10.png", "2.png"]),
        ("{cat,dog}/[12].png", ["cat/2.png", "dog/1.png"]),
        ("**/1*.png", ["cat/10.png", "dog/1.png"]),
    ],
)
def test_patterns_are_those_of_files_here(url, folder, pattern, keys):
    there, here = open_source(f"{url}/{pattern}"), open_source(folder / pattern)
    assert (list(there.keys), there.digest, there.name) == (keys, here.digest, here.name)
    with pytest.raises(InputError, match=r"matches nothing for .*/none"):
        open_source(f"{url}/none*.png")


def shards(memory, folder):
    """The images in two tars, here and elsewhere."""
    for shard, names in (("b", NAMES[:2]), ("a", NAMES[2:])):
        with tarfile.open(folder / f"{shard}.tar", "w") as archive:
            for name in names:
                archive.add(folder / name, name)
        memory.pipe(f"/tars/{shard}.tar", (folder / f"{shard}.tar").read_bytes())


@pytest.mark.parametrize("given", ["{b,a}.tar", "*.tar", "a.tar", ""])
def test_tars_elsewhere_are_what_they_are_here(memory, folder, given):
    shards(memory, folder)
    there, here = open_source(f"memory://tars/{given}"), open_source(folder / (given or "*.tar"))
    assert (there.kind, there.keys, there.digest, there.labels) == ("tar", here.keys, here.digest, here.labels)
    assert np.array_equal(there.read(1), here.read(1))


def test_tables_elsewhere_are_what_they_are_here(memory, folder):
    pa = pytest.importorskip("pyarrow", reason='pyarrow is not installed: pip install "genbench[parquet]"')
    images = [(folder / name).read_bytes() for name in NAMES]
    table = pa.table({"photo": images, "mask": images[::-1], "label": [0, 1, 0, 1]})
    for part in range(2):
        pytest.importorskip("pyarrow.parquet").write_table(table, folder / "a.parquet", row_group_size=2)
        memory.pipe(f"/set/train-{part}-of-2.parquet", (folder / "a.parquet").read_bytes())
    here = open_source(f"{folder}/a.parquet#photo")
    there = open_source("memory://set/train-1-of-2.parquet#photo")
    assert (there.kind, there.digest, there.labels) == ("table", here.digest, here.labels)
    for whole in ("memory://set#photo", "memory://set/train-*.parquet#photo"):
        assert open_source(whole).hashes == 2 * here.hashes
    with pytest.raises(InputError, match="is no table, so it has no column 'x'"):
        shards(memory, folder)
        open_source("memory://tars/a.tar#x")


def test_what_fails_on_the_way_to_an_archive_is_never_skipped(memory, folder, monkeypatch):
    shards(memory, folder)
    source = open_source("memory://tars/a.tar")
    monkeypatch.setattr(type(memory), "cat_file", lambda *_, **__: 1 / 0)
    for read in (lambda: source.read(0), lambda: open_source("memory://tars/a.tar", skip_corrupt=True)):
        with pytest.raises(InputError, match=r"memory://tars/a\.tar: .* cannot be read \(division by zero\); check"):
            read()


def test_a_file_url_is_the_path_that_it_names(folder):
    source = open_source(f"file://{folder}/a%20b%2520c")
    assert (source.kind, source.keys) == ("folder", ("é.png",))
    assert open_source(f"file://{folder}/cat/*.png").kind == "pattern"


def test_commands_and_functions_take_a_url(url, folder):
    answer = bench.fid(str(folder), url, extractor="pixels", cache=False)
    assert (answer.digest_a, answer.name_b) == (answer.digest_b, "set")
    for line in (["doctor", url], ["table", str(folder), url, f"made={url}"]):
        ran = CliRunner().invoke(main, [*line, "--extractor", "pixels"])
        assert ran.exit_code == 0, ran.output
    ran = CliRunner().invoke(main, ["fid", url, "memory://bucket/gone"])
    assert (ran.exit_code, ran.output.count("\n")) == (2, 1)


def test_an_image_that_changes_or_goes_is_an_error_that_is_never_skipped(url, memory):
    source = open_source(url)
    memory.pipe("/bucket/set/dog/1.png", encoded(9))
    with pytest.raises(InputError, match=r"set/dog/1\.png changed while it was read"):
        source.read(3)
    memory.rm("/bucket/set/dog/1.png")
    with pytest.raises(InputError, match=r"memory://bucket/set: dog/1\.png does not exist"):
        source.read(3)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("memory://bucket/gone", "^memory://bucket/gone does not exist; check the name$"),
        ("memory://bucket/set/cat/2.png", r"is a file; expected a folder, a pattern, a \.tar or \.parquet"),
        ("memory://bucket/text", r"holds no images \(it holds 1 file of other kinds \(1 \.txt\)\)"),
        ("nope://bucket/set", "nope:// is not known; expected s3://, gs://, hf://"),
        (
            "https://example.com/set",
            "no set is read over https, where files cannot be listed; download it, and give that",
        ),
        ("simplecache://x::memory://bucket/set", "is no folder that can be listed"),
        ("memory://bucket/{0..9999999}.png", "stands for more than 50 names"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(url, memory, monkeypatch, spec, said):
    monkeypatch.setattr("bench.sources.patterns.MOST_ALTERNATIVES", 50)
    memory.pipe("/bucket/text/a.txt", b"")
    with pytest.raises(InputError, match=said) as told:
        open_source(spec)
    assert "\n" not in str(told.value)


def _over(error):
    """An error as libraries tell it: their own, raised while another of theirs was handled."""
    lower, upper = OSError("HTTPSConnectionPool(host='a'): Max retries exceeded"), RuntimeError("a" * 999)
    lower.__context__, upper.__cause__ = error, lower
    return upper


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("Access Denied"), r"access is refused \(Access Denied\); check your credentials"),
        (
            _over(ConnectionRefusedError(111, "Refused")),
            r"cannot be reached \(Refused\); check the name of the host",
        ),
        (_over(socket.gaierror(-2, "not known")), r"cannot be reached \(not known\); check the name of the host and"),
        (RuntimeError("no\nroute " + "x" * 999), r"cannot be read \(no route x{50,200}\); check the name, the network"),
    ],
)
def test_refused_access_and_a_broken_network_are_told(url, memory, monkeypatch, error, said):
    def fail(*_, **__):
        raise error

    for what in ("find", "cat_file"):
        with monkeypatch.context() as patch:
            patch.setattr(type(memory), what, fail)
            with pytest.raises(InputError, match=said) as told:
                open_source(url, skip_corrupt=True)
            assert "\n" not in str(told.value)


def test_a_library_that_is_missing_and_a_forbidden_network_are_named(url, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=re.escape("s3:// is read with the package s3fs, which is not installed; get")):
        open_source("s3://bucket/set")
    monkeypatch.setenv("BENCH_OFFLINE", "1")
    with pytest.raises(InputError, match="BENCH_OFFLINE is set and forbids to read s3://bucket/set"):
        open_source("s3://bucket/set")
    assert open_source(url).count == 4


def test_a_password_is_not_repeated(memory):
    with pytest.raises(InputError) as told:
        open_source("nope://me:secret@host/set")
    assert str(told.value).startswith("nope://host/set")


@pytest.mark.parametrize("spec", ["digits:test", "C:/x", "C:\\x", "folder:/a:real-1", "a/b", "x=s3://a/b", "/a:/b"])
def test_names_that_are_no_urls(spec):
    assert not is_remote(spec)
