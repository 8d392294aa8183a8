"""Tars are read in place and give what the folder gives; of WebDatasets the rows stand in the order of their tars."""

import io
import os
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.sources import iterate, open_source
from bench.sources.tar_headers import BLOCK
from metrics.errors import InputError


def image_bytes(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.RandomState(seed).randint(0, 256, (8, 8, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def pack(path: Path, members: dict[str, bytes], kind: int = tarfile.PAX_FORMAT, **fields) -> Path:
    """A tar of these members; `fields` are set in the header of the last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=kind) as archive:
        for number, (name, data) in enumerate(members.items(), 1):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, value in fields.items() if number == len(members) else ():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return path


LONG = "cats/" + "long" * 40 + "é.png"
IMAGES = {f"cats/{i}.png": image_bytes(i) for i in range(6)} | {LONG: image_bytes(6)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("as") / "folder"
    (folder / "cats").mkdir(parents=True)
    for name, data in IMAGES.items():
        (folder / name).write_bytes(data)
    return open_source(folder)


# ----- one tar


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("start", ["", "./"])
def test_a_tar_has_the_digest_and_the_images_of_its_folder(tmp_path, folder, kind, start):
    path = pack(tmp_path / "set.tar", {start + name: IMAGES[name] for name in reversed(IMAGES)}, kind)
    source = open_source(path)
    assert (source.name, source.kind, source.keys, source.digest) == ("set", "tar", folder.keys, folder.digest)
    images = [image for batch in iterate(source, workers=3, batch_size=4) for image in batch]
    assert all(np.array_equal(image, folder.read(row)) for row, image in enumerate(images))


def test_a_limit_draws_from_a_tar_as_from_the_folder(tmp_path, folder):
    part = open_source(pack(tmp_path / "set.tar", IMAGES), limit=3, seed=1)
    assert part.keys == tuple(folder.keys[row] for row in part.places)


def test_hidden_members_are_ignored_and_others_counted(tmp_path):
    extra = {"cats/._0.png": b"x", ".git/a.png": b"x", "dataset.json": b"{}"}
    source = open_source(pack(tmp_path / "set.tar", IMAGES | extra))
    assert (source.count, source.notes) == (7, ("other files: 1 file of other kinds (1 .json) ignored",))


def test_a_corrupt_member_is_named_and_skipped(tmp_path):
    path = pack(tmp_path / "set.tar", IMAGES | {"cats/3.png": image_bytes(3)[:-9]})
    with pytest.raises(InputError, match=r"^set/cats/3\.png is truncated"):
        open_source(path)
    assert open_source(path, skip_corrupt=True).notes == ("skipped: 1 corrupt of 7 files (cats/3.png)",)


def test_a_tar_that_changes_after_it_was_opened_is_an_error(tmp_path):
    source = open_source(pack(tmp_path / "set.tar", IMAGES))
    pack(tmp_path / "set.tar", IMAGES | {"cats/0.png": image_bytes(1)})
    with pytest.raises(InputError, match=r"set/cats/0\.png changed while it was read"):
        source.read(0)
    os.truncate(tmp_path / "set.tar", 600)
    with pytest.raises(InputError, match="was cut while it was read"):
        source.read(0)


# ----- several


def webdataset(folder: Path) -> Path:
    """Three tars of two samples, each with an image, its class and a description."""
    for shard in range(3):
        members = {}
        for sample in (1, 0):
            key = f"{2 * shard + sample:06d}"
            members |= {f"{key}.png": image_bytes(2 * shard + sample), f"{key}.cls": b"%d\n" % shard}
            members[f"{key}.json"] = b"{}"
        pack(folder / f"{shard:03d}.tar", members)
    return folder


@pytest.mark.parametrize("given", ["{000..002}.tar", "*.tar", ""])
def test_a_webdataset_is_indexed_in_the_order_of_its_tars_and_their_members(tmp_path, given):
    source = open_source(webdataset(tmp_path / "shards") / given)
    assert source.keys[:3] == ("000001.png", "000000.png", "000003.png")
    listed = np.stack([np.asarray(Image.open(io.BytesIO(image_bytes(row)))) for row in (1, 0, 3, 2, 5, 4)])
    assert all(np.array_equal(source.read(row), image.transpose(2, 0, 1)) for row, image in enumerate(listed))
    assert source.labels == ("0", "0", "1", "1", "2", "2")
    assert source.notes == ("other files: 6 files of other kinds (6 .json) ignored",)


def test_names_that_two_tars_have_in_common_stand_behind_that_of_their_tar(tmp_path):
    for name in ("a", "b/c"):
        pack(tmp_path / f"{name}.tar", {"0.png": image_bytes(0), "1.png": image_bytes(1)})
    assert open_source(tmp_path).keys == ("a/0.png", "a/1.png", "b/c/0.png", "b/c/1.png")
    assert open_source(tmp_path).labels == ()


def test_tars_in_another_order_are_another_set(tmp_path):
    folder = webdataset(tmp_path)
    one, other = (open_source(folder / f"{{{order}}}.tar") for order in ("000..002", "002..000"))
    assert one.digest != other.digest
    assert sorted(one.hashes) == sorted(other.hashes)


def test_labels_that_not_all_images_have_are_left_aside_with_a_note(tmp_path):
    source = open_source(pack(tmp_path / "a.tar", {"a.png": image_bytes(0), "b.png": image_bytes(1), "b.cls": b"7"}))
    assert source.labels == ()
    assert "labels: 1 of 2 images have a .cls that can be read; they are left aside" in source.notes


def test_without_cls_the_folders_in_a_tar_are_the_labels(tmp_path):
    source = open_source(pack(tmp_path / "a.tar", {"cat/a.png": image_bytes(0), "dog/a.png": image_bytes(1)}))
    assert source.labels == ("cat", "dog")


# ----- hostile and damaged


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("/etc/a.png", {}, "has an absolute path"),
        ("cats/../../a.png", {}, "leads out of the archive"),
        ("cats\\..\\a.png", {}, "leads out of the archive"),
        ("b.png", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, r"'b\.png' is a link"),
        ("b.png", {"type": tarfile.LNKTYPE, "linkname": "cats/0.png"}, r"'b\.png' is a link"),
        ("b.png", {"type": tarfile.CHRTYPE}, "is a device"),
        ("b.png", {"type": tarfile.FIFOTYPE}, "is a pipe"),
        ("b.png", {"type": b"Z"}, "is of the type b'Z', which is not read here"),
        ("b.png", {"pax_headers": {"GNU.sparse.major": "1"}}, "is stored with holes"),
        ("b.png", {"pax_headers": {"size": "9" * 18}}, "is cut: it ends inside a member"),
        ("b.png", {"pax_headers": {"size": "-512"}}, "a record of pax cannot be read"),
        ("b.png", {"pax_headers": {"comment": "x" * 70_000}}, r"a name of 7\d,\d{3} bytes, expected at most 65,536"),
    ],
)
def test_a_hostile_member_is_refused_in_one_line(tmp_path, name, fields, said):
    path = pack(tmp_path / "set.tar", IMAGES | {name: image_bytes(0)}, **fields)
    with pytest.raises(InputError, match=said) as told:
        open_source(path)
    assert "\n" not in str(told.value)


def test_a_member_that_stands_twice_is_refused(tmp_path):
    path = pack(tmp_path / "set.tar", {"a.png": image_bytes(0), "./a.png": image_bytes(1)})
    with pytest.raises(InputError, match=r"'a\.png' is in it twice"):
        open_source(path)


def negative(data: bytes) -> bytes:
    """The size of the first member as -1024, with the checksum that fits."""
    header = bytearray(data[:BLOCK])
    header[124:136] = b"\xff" * 4 + struct.pack(">q", -1024)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[BLOCK:]


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (lambda data: b"", r"is empty \(0 bytes\)"),
        (lambda data: b"no tar at all", "is not a readable tar"),
        (lambda data: data[: 4 * BLOCK], "is cut: it has no end mark"),
        (lambda data: data[: 5 * BLOCK - 9], "is (cut|damaged at byte 2,048)"),
        (lambda data: data[: BLOCK + 9], "is cut: it ends inside a member"),
        (lambda data: data[: 2 * BLOCK] + b"x" + data[2 * BLOCK + 1 :], "is damaged at byte 1,024"),
        (negative, "is cut: it ends inside a member"),
        (lambda data: data + data, "has more behind its end mark"),
        (lambda data: b"\x1f\x8b" + data, r"is compressed \(gzip\), so that .*unpack it to a \.tar"),
    ],
)
def test_a_damaged_tar_is_told_in_one_line(tmp_path, damaged, said):
    path = pack(tmp_path / "set.tar", {f"{number}.png": b"x" for number in range(3)}, tarfile.GNU_FORMAT)
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(InputError, match=rf"set\.tar {said}") as told:
        open_source(path)
    assert "\n" not in str(told.value)


def test_packed_tars_pipes_and_too_many_files_are_refused(tmp_path, monkeypatch):
    (tmp_path / "a.tar.gz").touch()
    with pytest.raises(InputError, match=r"a\.tar\.gz is compressed"):
        open_source(tmp_path / "a.tar.gz")
    os.mkfifo(tmp_path / "b.tar")
    with pytest.raises(InputError, match=r"b\.tar is a pipe, expected a file"):
        open_source(tmp_path / "b.tar")
    folder = webdataset(tmp_path / "shards")
    monkeypatch.setattr("bench.sources.tars.MOST_MEMBERS", 17)
    with pytest.raises(InputError, match=r"002\.tar brings the files to more than 17"):
        open_source(folder)
