"""Images in columns of tables: Parquet, and what `datasets` of Hugging Face saves; they give what the folder gives."""

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.sources import iterate, open_source
from bench.sources.survey import survey
from metrics.errors import InputError

pa = pytest.importorskip("pyarrow", reason='pyarrow is not installed: pip install "genbench[parquet]"')
pq = pytest.importorskip("pyarrow.parquet")


def encoded(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.RandomState(seed).randint(0, 256, (6, 6, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


ROWS = 24
BYTES = [encoded(row) for row in range(ROWS)]
NAMES = [f"{'dog' if row % 2 else 'cat'}/{row:02d}.png" for row in range(ROWS)]
PAIRS = [{"bytes": data, "path": name} for data, name in zip(BYTES, NAMES, strict=True)]
FEATURES = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}
TABLE = pa.table({"image": PAIRS, "label": [row % 2 for row in range(ROWS)]})
TABLE = TABLE.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The images as a list of files in the order of the rows."""
    folder = tmp_path_factory.mktemp("rows")
    for name, data in zip(NAMES, BYTES, strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return open_source([folder / name for name in NAMES])


def write(path: Path, table=TABLE, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return path


def arrow(path: Path, table=TABLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table, max_chunksize=9)
    return path


def saved(folder: Path) -> Path:
    """What save_to_disk writes, and a file of what was computed later."""
    names = ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    for name, part in zip(names, (TABLE[:10], TABLE[10:]), strict=True):
        arrow(folder / name, part)
    arrow(folder / "cache-0123.arrow", TABLE[:1])
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    return folder


def hub(folder: Path) -> Path:
    for number, part in enumerate((TABLE[:10], TABLE[10:])):
        write(folder / "data" / f"train-0000{number}-of-00002.parquet", part, row_group_size=4)
    (folder / "README.md").write_text("")
    return folder


FORMS = {
    "one group": lambda folder: write(folder / "a.parquet"),
    "small groups": lambda folder: write(folder / "a.parquet", row_group_size=5),
    "packed": lambda folder: write(folder / "a.parquet", compression="zstd", use_dictionary=True),
    "plain bytes": lambda folder: write(folder / "a.parquet", pa.table({"image": BYTES, "n": range(ROWS)})),
    "large bytes": lambda folder: write(folder / "a.parquet", pa.table({"x": pa.array(BYTES, pa.large_binary())})),
    "a folder": hub,
    "a pattern": lambda folder: hub(folder) / "data" / "train-*.parquet",
    "arrow": lambda folder: arrow(folder / "a.arrow"),
    "save_to_disk": lambda folder: saved(folder / "set"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_table_has_the_digest_and_the_images_of_its_files(tmp_path, rows, form):
    source = open_source(FORMS[form](tmp_path))
    assert (source.kind, source.count, source.digest) == ("table", ROWS, rows.digest)
    assert source.keys == (tuple(NAMES) if source.named else tuple(map(str, range(ROWS))))
    images = [image for batch in iterate(source, workers=3, batch_size=5) for image in batch]
    assert all(np.array_equal(image, rows.read(row)) for row, image in enumerate(images))
    assert np.array_equal(source.read(2), rows.read(2))
    assert source.labels == (("cat", "dog") * (ROWS // 2) if source.named else ())


def test_rows_that_are_no_longer_kept_are_decoded_again(tmp_path, rows, monkeypatch):
    monkeypatch.setattr("bench.sources.table_files.KEPT_BYTES", 300)
    source = open_source(FORMS["small groups"](tmp_path), limit=9, seed=1)
    assert all(np.array_equal(source.read(row), rows.read(source.places[row])) for row in (8, 0, 4, 4, 7, 1))


def test_a_column_is_chosen_where_there_are_several(tmp_path, rows):
    path = write(tmp_path / "a.parquet", pa.table({"photo": BYTES, "mask": BYTES[::-1]}))
    with pytest.raises(InputError, match=r"several columns of images, photo, mask; name one: .*a\.parquet#photo$"):
        open_source(path)
    assert open_source(f"{path}#photo").digest == rows.digest
    assert len(survey(f"{tmp_path}#mask", 0, None, None).images) == ROWS
    with pytest.raises(InputError, match=r"no column of images 'maks'\. Did you mean 'mask'"):
        open_source(f"{path}#maks")
    with pytest.raises(InputError, match="is no table, so it has no column 'x'; leave #x out"):
        open_source("README.md#x")


def test_names_that_stand_twice_are_no_names_and_odd_labels_are_left_aside(tmp_path):
    twice = [{"bytes": data, "path": "image.png"} for data in BYTES]
    source = open_source(write(tmp_path / "a.parquet", pa.table({"image": twice, "label": [None, *range(ROWS - 1)]})))
    assert (source.named, source.keys[:2], source.labels) == (False, ("0", "1"), ())
    assert "labels: not every row of 'label' has a whole number or a short name; they are left aside" in source.notes


def test_a_row_without_bytes_is_named_and_its_path_is_never_followed(tmp_path, rows):
    outside = [{"bytes": None, "path": "/etc/hosts"}, None, *PAIRS[2:]]
    path = write(tmp_path / "a.parquet", pa.table({"image": outside}))
    with pytest.raises(InputError, match=r"^a/0 has no bytes; save the set with its images in it"):
        open_source(path)
    assert open_source(path, skip_corrupt=True).count == ROWS - 2


def splits(folder: Path) -> Path:
    write(folder / "data" / "test-00000-of-00001.parquet")
    return hub(folder)


def two_sets(folder: Path) -> Path:
    saved(folder / "test")
    saved(folder / "train")
    return folder


def cut(path: Path, end: int) -> Path:
    path.write_bytes(path.read_bytes()[:end])
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def state(folder: Path, **changes) -> Path:
    saved(folder)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "../data.arrow"}], **changes}))
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda folder: write(folder / "a.parquet", pa.table({"n": [1]})),
            r"no column of images; .* It has n \(int64\)$",
        ),
        (lambda folder: write(folder / "a.parquet", TABLE[:0]), r"a\.parquet has 0 rows; expected 1 to"),
        (lambda folder: cut(write(folder / "a.parquet"), -9), "is not a readable Parquet file"),
        (lambda folder: cut(write(folder / "a.parquet"), 0), "is not a readable Parquet file"),
        (lambda folder: cut(arrow(folder / "a.arrow"), -400), "is not a readable Arrow file"),
        (lambda folder: pipe(folder / "a.parquet"), "is a pipe, expected a file"),
        (
            lambda folder: write(folder / "lsun" / "data.mdb").parent,
            r"lsun is LMDB, which is not read, .* a \.tar of",
        ),
        (splits, r"holds the splits test, train; give one as a pattern: '.*test-\*\.parquet'"),
        (two_sets, "holds several data sets; give the folder of one: .*test"),
        (state, "is no data set that can be read; save it again"),
        (lambda folder: arrow(hub(folder) / "a.arrow").parent, r"holds \.arrow and \.parquet files; give those of one"),
    ],
)
def test_what_is_no_table_of_images_is_told_in_one_line(tmp_path, make, said):
    with pytest.raises(InputError, match=said) as told:
        open_source(make(tmp_path))
    assert "\n" not in str(told.value)


def test_a_table_that_claims_much_more_than_its_size_is_a_bomb(tmp_path, monkeypatch):
    path = write(tmp_path / "a.parquet", pa.table({"image": [bytes(10_000)]}), compression="zstd")
    monkeypatch.setattr("bench.sources.table_files.SMALL_BYTES", 1000)
    monkeypatch.setattr("bench.sources.table_files.RATIO", 2)
    with pytest.raises(InputError, match=r"claims \d+,\d+ bytes, more than images in it can have; it was not read"):
        open_source(path)


def test_without_pyarrow_one_line_says_what_to_install(tmp_path, monkeypatch):
    path = write(tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r'the package pyarrow, .*pip install "genbench\[parquet\]"'):
        open_source(path)
