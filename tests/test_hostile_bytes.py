"""Any bytes in, a value or one line out: readers of arrays, JSON, TOML, archives and images, whatever is in the file.

Half of what is tried is damage to a sound file, a few bytes put in place of others, because bytes without any form end
at the first look. It is the same in every run; BENCH_EXAMPLES=2000 tries so many others of each kind.
"""

import io
import json
import os
import tarfile
import tracemalloc
import zipfile
from dataclasses import asdict
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leaderboard_entries import entry
from PIL import Image
from run_records import record

from bench.leaderboard.entries import read_entry
from bench.leaderboard.influence import read_influences
from bench.leaderboard.moments import moments_of, read_moments
from bench.measuring.statistics import read_statistics
from bench.sources import iterate, open_source
from bench.sources.decoding import decode, read_header
from bench.storage.array_files import ArrayFile, map_array, read_array
from bench.storage.files import npy_bytes, npz_bytes
from bench.storage.reading import read_json, read_toml
from bench.storage.records import read_record
from bench.submissions._manifest import manifest_text, read_manifest
from bench.submissions.about import TEMPLATE
from metrics.errors import InputError

EXAMPLES = os.environ.get("BENCH_EXAMPLES")
TRIED = settings(
    max_examples=int(EXAMPLES or 25),
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MOST = 2**20
PEAK = 2**23  # bytes for a file of a few kilobytes whose reader may take MOST
ODD = (
    b"-4",
    b"(",
    b", }",
    b"\x00",
    b"\xff\xff\xff\x7f",
    b"\\ud800",
    b"1e999",
    b'"',
    b"{",
    b"[[",
    b"\x1b",
    b"PK\x05\x06",
)
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (6, 8, 8, 3), np.uint8)


def damage(sound: bytes) -> st.SearchStrategy[bytes]:
    """The bytes of a sound file with some replaced by others, cut or not; or any bytes."""
    part = st.one_of(st.binary(max_size=4), st.sampled_from(ODD))
    edits = st.lists(st.tuples(st.integers(0, len(sound)), part), min_size=1, max_size=4)

    def damaged(changes, end):
        data = bytearray(sound)
        for place, new in changes:
            data[place : place + len(new)] = new
        return bytes(data[: end or len(data)])

    return st.one_of(st.builds(damaged, edits, st.none() | st.integers(1, len(sound))), st.binary(max_size=200))


def survives(read, path, data):
    """Nothing but a value or an InputError of one line comes out, and no more memory is taken than is promised."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        read(path)
    except InputError as error:
        assert "\n" not in str(error) and path.name in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < PEAK


def every(path):
    with ArrayFile(path) as file:
        for name in file.names:
            file.header(name)
            file.read(name, most=MOST)


def images(path):
    return [image for batch in iterate(open_source(path), workers=0) for image in batch]


FEATURES = RANDOM.normal(size=(9, 4)).astype(np.float32)
STATISTICS = {"mu": np.zeros(4), "sigma": np.eye(4), "count": np.int64(9), "provenance": np.array('{"tap": "pool"}')}
ARRAYS = {
    "array": (lambda path: read_array(path, most=MOST), "a.npy", npy_bytes(FEATURES)),
    "mapped": (map_array, "a.npy", npy_bytes(FEATURES)),
    "arrays": (every, "a.npz", npz_bytes({"a": FEATURES, "b": PIXELS[:1]})),
    "images": (images, "a.npy", npy_bytes(PIXELS)),
    "images in npz": (images, "a.npz", npz_bytes({"arr_0": PIXELS})),
    "statistics": (read_statistics, "a.npz", npz_bytes(STATISTICS)),
    "moments": (read_moments, "moments.npz", npz_bytes(moments_of(FEATURES).arrays())),
    "influence": (lambda path: read_influences(path, 4, 2), "influence.npy", npy_bytes(np.zeros((2, 5), np.float32))),
}
TEXTS = {
    "json": (read_json, "a.json", json.dumps({"a": [1.5, None, "b\ud83d\ude00"]}).encode()),
    "record": (read_record, "a.json", json.dumps(asdict(record())).encode()),
    "entry": (read_entry, "a.json", json.dumps(asdict(entry(3))).encode()),
    "toml": (read_toml, "a.toml", TEMPLATE.encode()),
    "manifest": (read_manifest, "manifest.sha256", manifest_text(["a.png", "b\n.png"], ["0" * 64, "1" * 64]).encode()),
}


def zipped(kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for number, pixels in enumerate(PIXELS[:3]):
            archive.writestr(f"{number}.png", encoded(pixels, "PNG"))
    return buffer.getvalue()


def encoded(pixels, kind):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def checked(cases):
    return pytest.mark.parametrize("case", cases.values(), ids=cases)


@checked(ARRAYS)
@TRIED
@given(data=st.data())
def test_any_bytes_are_an_array_or_one_line(tmp_path, case, data):
    read, name, sound = case
    survives(read, tmp_path / name, data.draw(damage(sound)))


@checked(TEXTS)
@TRIED
@given(data=st.data())
def test_any_bytes_are_a_text_of_their_form_or_one_line(tmp_path, case, data):
    read, name, sound = case
    survives(read, tmp_path / name, data.draw(damage(sound)))


def tarred(kind):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as archive:
        for name, data in (("0" * 120 + ".png", encoded(PIXELS[0], "PNG")), ("é.cls", b"3"), ("é.png", b"")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def in_rows(suffix):
    """A table of three rows, where the library for it is there."""
    if not find_spec("pyarrow"):
        return {}
    import pyarrow as pa
    import pyarrow.parquet as pq

    table, sink = pa.table({"a": [encoded(pixels, "PNG") for pixels in PIXELS[:3]], "label": [0, 1, 0]}), io.BytesIO()
    if suffix == "parquet":
        pq.write_table(table, sink)
    else:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    return {suffix: (f"a.{suffix}", sink.getvalue())}


ARCHIVES = {
    "stored": ("a.zip", zipped(zipfile.ZIP_STORED)),
    "deflate": ("a.zip", zipped(zipfile.ZIP_DEFLATED)),
    "bzip2": ("a.zip", zipped(zipfile.ZIP_BZIP2)),
    "lzma": ("a.zip", zipped(zipfile.ZIP_LZMA)),
    "gnu": ("a.tar", tarred(tarfile.GNU_FORMAT)[:4096]),
    "pax": ("a.tar", tarred(tarfile.PAX_FORMAT)[:6144]),
    **in_rows("parquet"),
    **in_rows("arrow"),
}


@checked(ARCHIVES)
@TRIED
@given(data=st.data())
def test_any_bytes_are_an_archive_of_images_or_one_line(tmp_path, case, data):
    name, sound = case
    path = tmp_path / name
    path.write_bytes(data.draw(damage(sound)))
    try:
        images(path)
    except InputError as error:
        assert "a" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "GIF"])
@TRIED
@given(data=st.data())
def test_any_bytes_are_an_image_or_one_line(kind, data):
    content = data.draw(damage(encoded(PIXELS[0], kind)))
    try:
        read_header(content, "a")
        assert decode(content, "a").shape[0] == 3
    except InputError as error:
        assert "\n" not in str(error) and str(error).startswith("a ")


TEXTS = st.text([chr(code) for code in (*range(0x300), 0x2028, 0xFEFF, 0xFFFD, 0x6A21, 0x1F600)], max_size=5)
LEAVES = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=9)


@TRIED
@given(value=VALUES)
def test_json_that_is_strict_comes_back_as_it_was(tmp_path, value):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value, allow_nan=False))
    assert read_json(path) == value
