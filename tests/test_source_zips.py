"""Zips are read in place, give what the folder gives, and are judged before a byte is decompressed."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.sources import iterate, open_source
from metrics.errors import InputError


def image_bytes(seed: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.RandomState(seed).randint(0, 256, (16, 16, 3), np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def pack(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


IMAGES = {f"cats/{i:02d}.png": image_bytes(i) for i in range(9)}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_has_the_digest_and_the_images_of_its_folder(tmp_path, compression):
    source = open_source(pack(tmp_path / "set.zip", dict(reversed(IMAGES.items())), compression))
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        archive.extractall(tmp_path / "folder")
    folder = open_source(tmp_path / "folder")
    assert (source.name, source.kind, source.keys, source.digest) == ("set", "zip", folder.keys, folder.digest)
    assert all(np.array_equal(source.read(i), folder.read(i)) for i in range(9))


@pytest.mark.parametrize("workers", [0, 4])
def test_a_zip_is_read_by_several_threads(tmp_path, workers):
    source = open_source(pack(tmp_path / "set.zip", IMAGES))
    images = [image for batch in iterate(source, workers=workers, batch_size=4) for image in batch]
    assert all(np.array_equal(image, source.read(i)) for i, image in enumerate(images))


def test_hidden_members_are_ignored_and_others_counted(tmp_path):
    extra = {"__MACOSX/cats/._00.png": b"x", ".hidden/a.png": b"x", "dataset.json": b"{}", "empty/": b""}
    source = open_source(pack(tmp_path / "set.zip", IMAGES | extra))
    assert source.count == 9
    assert source.notes == ("other files: 1 file of other kinds (1 .json) ignored",)


def test_a_limit_draws_from_a_zip(tmp_path):
    source = open_source(pack(tmp_path / "set.zip", IMAGES), limit=4, seed=1)
    expected = np.sort(np.random.RandomState(1).choice(9, 4, replace=False))
    assert source.keys == tuple(list(IMAGES)[i] for i in expected)


def test_a_zip_without_images_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"holds no images \(it holds 1 file of other kinds \(1 \.txt\)\)"):
        open_source(pack(tmp_path / "set.zip", {"a.txt": b"x"}))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("/etc/a.png", "absolute path"),
        ("C:/a.png", "absolute path"),
        ("\\a.png", "absolute path"),
        ("../a.png", "leads out"),
        ("cats/../../a.png", "leads out"),
        ("cats\\..\\a.png", "leads out"),
    ],
)
def test_a_member_that_leads_out_of_the_zip_is_refused(tmp_path, name, problem):
    with pytest.raises(InputError, match=problem):
        open_source(pack(tmp_path / "set.zip", IMAGES | {name: image_bytes(0)}))


def test_two_dots_inside_a_name_are_just_a_name(tmp_path):
    assert open_source(pack(tmp_path / "set.zip", {"a..b.png": image_bytes(0)})).count == 1


def test_a_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("b.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a.png", image_bytes(0))
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match=r"'b\.png' is a link"):
        open_source(tmp_path / "set.zip")


def test_a_member_that_swells_is_refused_as_a_bomb(tmp_path):
    with pytest.raises(InputError, match=r"'a\.bmp' claims 5,000,000 bytes out of .*zip bomb"):
        open_source(pack(tmp_path / "set.zip", {"a.bmp": bytes(5_000_000)}))


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_a_large_plain_drawing_is_as_large_as_its_header_says_and_no_bomb(tmp_path, kind):
    drawing = Image.new("RGB", (1024, 1024))
    drawing.paste((200, 30, 30), (100, 100, 300, 400))
    buffer = io.BytesIO()
    drawing.save(buffer, kind)
    path = pack(tmp_path / "set.zip", {f"a.{kind.lower()}": buffer.getvalue(), "b.log": bytes(5_000_000)})
    with zipfile.ZipFile(path) as archive:
        info = archive.infolist()[0]
    assert info.file_size > 500 * info.compress_size
    assert open_source(path).read(0)[0].max() == 200


def test_a_small_picture_with_much_behind_it_is_a_bomb(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "BMP")
    with pytest.raises(InputError, match=r"'a\.bmp' claims .*more than an image of that size can have \(a zip bomb\)"):
        open_source(pack(tmp_path / "set.zip", {"a.bmp": buffer.getvalue() + bytes(5_000_000)}))


def test_a_small_picture_of_one_colour_is_no_bomb(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256)).save(buffer, "BMP")
    assert open_source(pack(tmp_path / "set.zip", {"a.bmp": buffer.getvalue()})).count == 1


def test_members_that_share_their_bytes_are_refused_as_a_bomb(tmp_path):
    path = pack(tmp_path / "set.zip", {"a.png": image_bytes(0), "b.png": image_bytes(1)}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    directory = data.index(b"PK\x01\x02")
    entries, end = data[directory : data.index(b"PK\x05\x06")], data[data.index(b"PK\x05\x06") :]
    half = len(entries) // 2
    many = b"".join(entries[:half].replace(b"a.png", b"%c.png" % letter) for letter in range(97, 107))
    tail = end[:8] + struct.pack("<HHII", 10, 10, len(many), directory) + end[20:]
    path.write_bytes(data[:directory] + many + tail)
    with pytest.raises(InputError, match="zip bomb: its members claim more bytes than the file has"):
        open_source(path)


def test_an_encrypted_member_is_refused(tmp_path):
    path = pack(tmp_path / "set.zip", {"a.png": image_bytes(0)})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the general purpose flags of the central directory
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"'a\.png' is encrypted"):
        open_source(path)


def test_an_unknown_compression_is_refused(tmp_path):
    path = pack(tmp_path / "set.zip", {"a.png": image_bytes(0)})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(data)
    with pytest.raises(InputError, match="compression method 99"):
        open_source(path)


def test_a_member_that_stands_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a.png", image_bytes(0))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", image_bytes(1))
    with pytest.raises(InputError, match=r"'a\.png' is in it twice"):
        open_source(tmp_path / "set.zip")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04" + bytes(50)])
def test_what_is_no_zip_is_an_error(tmp_path, content):
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"set\.zip is not a readable zip"):
        open_source(tmp_path / "set.zip")


def test_a_truncated_zip_is_an_error(tmp_path):
    path = pack(tmp_path / "set.zip", IMAGES)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="is not a readable zip"):
        open_source(path)


def corrupt_member(path: Path) -> Path:
    pack(path, IMAGES, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(b"cats/04.png") + 100] ^= 1
    path.write_bytes(data)
    return path


def test_a_corrupt_member_is_named(tmp_path):
    with pytest.raises(InputError, match=r"^set\.zip/cats/04\.png cannot be unpacked \(Bad CRC-32"):
        open_source(corrupt_member(tmp_path / "set.zip"))


def test_skip_corrupt_skips_a_corrupt_member_and_says_so(tmp_path):
    source = open_source(corrupt_member(tmp_path / "set.zip"), skip_corrupt=True)
    assert source.count == 8
    assert source.notes == ("skipped: 1 corrupt of 9 files (cats/04.png)",)
