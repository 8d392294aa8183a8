"""Each way of storing an image has one rule; every expected pixel is worked out by hand."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, features

from bench.sources.decoding import CorruptImage, decode, read_header
from metrics.errors import InputError


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(image: Image.Image, kind: str = "PNG", **options) -> list:
    """The decoded pixels in reading order, as (r, g, b)."""
    return decode(encoded(image, kind, **options), "x").reshape(3, -1).T.tolist()


def row(mode: str, values: list) -> Image.Image:
    image = Image.new(mode, (len(values), 1))
    image.putdata(values)
    return image


def noise(size: int = 24) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (size, size, 3), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_rgb_is_kept_as_stored(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    got = decode(encoded(Image.fromarray(noise()), kind, **options), "x")
    assert got.dtype == np.uint8 and got.flags["C_CONTIGUOUS"]
    assert np.array_equal(got, noise().transpose(2, 0, 1))


def test_the_result_is_channels_then_height_then_width():
    assert decode(encoded(Image.new("RGB", (5, 7))), "x").shape == (3, 7, 5)


def test_a_jpeg_is_what_pillow_decodes():
    data = encoded(Image.fromarray(noise()), "JPEG")
    assert np.array_equal(decode(data, "x"), np.asarray(Image.open(io.BytesIO(data))).transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["PPM", "GIF"])
def test_a_pnm_and_a_gif_of_few_colours_are_kept_as_stored(kind):
    colours = [(10, 20, 30), (40, 50, 60), (255, 0, 0)]
    assert [tuple(pixel) for pixel in pixels(row("RGB", colours), kind)] == colours


def test_a_transparent_colour_of_a_gif_is_white():
    image = row("P", [0, 1])
    image.putpalette([9, 9, 9, 200, 100, 50])
    assert pixels(image, "GIF", transparency=0) == [[255] * 3, [200, 100, 50]]


def test_avif_is_what_pillow_decodes_and_lossy():
    if not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    data = encoded(Image.fromarray(noise()), "AVIF")
    assert np.array_equal(decode(data, "x"), np.asarray(Image.open(io.BytesIO(data))).transpose(2, 0, 1))
    assert read_header(data, "x").lossy
    with pytest.raises(CorruptImage, match=r"^x is corrupt or truncated"):
        decode(data[:-9], "x")


def test_a_format_that_pillow_lacks_is_named_and_never_skipped(monkeypatch):
    monkeypatch.delitem(Image.OPEN, "AVIF", raising=False)
    for data, said in ((b"\xff\x0a", "JPEG XL"), (b"\0\0\0\x20ftypavif", "AVIF")):
        with pytest.raises(
            InputError, match=rf"^x is {said}, which this Pillow \(.*\) does not read; .*convert"
        ) as told:
            read_header(data, "x")
        assert not isinstance(told.value, CorruptImage)


def test_grey_is_repeated():
    assert pixels(row("L", [0, 7, 255])) == [[0] * 3, [7] * 3, [255] * 3]


def test_one_bit_is_black_or_white():
    assert pixels(row("1", [0, 255])) == [[0] * 3, [255] * 3]


def test_sixteen_bit_grey_is_divided_by_257_and_rounded():
    stored = np.array([[0, 128, 129, 257, 385, 386, 65535]], np.uint16)  # 128.5 = 257 / 2 is where 0 becomes 1
    assert [p[0] for p in pixels(Image.fromarray(stored))] == [0, 0, 1, 1, 1, 2, 255]
    assert [p[0] for p in pixels(Image.fromarray(stored), "TIFF")] == [0, 0, 1, 1, 1, 2, 255]


def test_sixteen_bit_colour_keeps_the_high_byte():
    raw = b"\x00" + struct.pack(">3H", 0x12FF, 0x8000, 0xFFFF)
    assert decode(png(1, 1, 16, 2, raw), "x").ravel().tolist() == [0x12, 0x80, 0xFF]


def test_rgba_is_composited_on_white_and_rounded():
    got = pixels(row("RGBA", [(10, 20, 30, 255), (10, 20, 30, 0), (0, 100, 255, 51)]))
    # alpha 51 = 1/5: 0.2 v + 0.8 * 255 = 204, 224, 255
    assert got == [[10, 20, 30], [255, 255, 255], [204, 224, 255]]


def test_grey_with_alpha_is_composited_on_white():
    assert pixels(row("LA", [(10, 255), (10, 0), (100, 51)])) == [[10] * 3, [255] * 3, [224] * 3]


def test_a_palette_gives_its_colours():
    image = row("P", [1, 0])
    image.putpalette([1, 2, 3, 4, 5, 6])
    assert pixels(image) == [[4, 5, 6], [1, 2, 3]]


def test_a_transparent_palette_entry_is_white_whatever_colour_lies_under_it():
    image = row("P", [0, 1, 2])
    image.putpalette([71, 112, 76, 4, 5, 6, 0, 100, 255])
    assert pixels(image, transparency=bytes([0, 255, 51])) == [[255] * 3, [4, 5, 6], [204, 224, 255]]
    assert pixels(image, transparency=0) == [[255] * 3, [4, 5, 6], [0, 100, 255]]


def test_the_transparent_colour_of_an_opaque_image_is_white():
    assert pixels(row("RGB", [(1, 2, 3), (4, 5, 6)]), transparency=(1, 2, 3)) == [[255] * 3, [4, 5, 6]]
    assert pixels(row("L", [9, 10]), transparency=9) == [[255] * 3, [10] * 3]


def test_the_transparent_value_of_sixteen_bit_grey_is_white():
    raw = b"\x00" + struct.pack(">2H", 514, 1028)
    assert decode(png(2, 1, 16, 0, raw, (b"tRNS", struct.pack(">H", 514))), "x")[0].tolist() == [[255, 4]]


def test_cmyk_is_converted_as_pillow_does():
    image = Image.new("CMYK", (2, 2), (10, 20, 30, 40))
    expected = list(image.convert("RGB").getpixel((0, 0)))
    assert pixels(image, "TIFF") == [expected] * 4


def test_a_cmyk_jpeg_is_read():
    got = np.array(pixels(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG"))
    assert got.min() >= 254  # no ink is white, within the rounding of the JPEG transform


def test_the_exif_orientation_is_not_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("RGB", (5, 7)), "JPEG", exif=exif)
    assert decode(data, "x").shape == (3, 7, 5)
    assert read_header(data, "x").rotated


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_of_several_frames_the_first_counts(kind):
    first, second = Image.new("RGB", (4, 4), (0, 0, 0)), Image.new("RGB", (4, 4), (255, 255, 255))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(first, kind, save_all=True, append_images=[second], **options)
    assert decode(data, "x").max() == 0
    assert read_header(data, "x").frames == 2


@pytest.mark.parametrize("mode", ["I", "F"])
def test_a_mode_without_a_stated_range_is_refused(mode):
    with pytest.raises(InputError, match=f"cat.tiff is stored as '{mode}'.*no known range"):
        decode(encoded(Image.new(mode, (2, 2)), "TIFF"), "cat.tiff")


@pytest.mark.parametrize(
    ("kind", "options", "lossy"),
    [
        ("JPEG", {}, True),
        ("PNG", {}, False),
        ("BMP", {}, False),
        ("TIFF", {}, False),
        ("TIFF", {"compression": "tiff_lzw"}, False),
        ("TIFF", {"compression": "jpeg"}, True),
        ("WEBP", {"lossless": True}, False),
        ("WEBP", {"lossless": False}, True),
        ("WEBP", {"lossless": False, "exif": b"Exif\x00\x00"}, True),  # the extended layout
        ("WEBP", {"lossless": True, "save_all": True, "append_images": [Image.new("RGB", (24, 24))]}, False),
    ],
)
def test_lossy_files_are_known_by_their_header(kind, options, lossy):
    assert read_header(encoded(Image.fromarray(noise()), kind, **options), "x").lossy is lossy


def test_the_header_says_size_and_mode():
    header = read_header(encoded(Image.new("L", (5, 7))), "x")
    assert (header.format, header.mode, header.size, header.grey) == ("PNG", "L", (7, 5), True)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_truncated_image_is_an_error_that_names_it(kind, share):
    data = encoded(Image.fromarray(noise(64)), kind)
    with pytest.raises(CorruptImage, match=r"^cat\.img .*bench doctor") as error:
        cut = data[: int(len(data) * share)]
        read_header(cut, "cat.img")
        decode(cut, "cat.img")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("data", [b"", b"no image at all", b"GIF89a" + bytes(20)])
def test_what_is_no_image_is_an_error_that_names_it(data):
    for look in (decode, read_header):
        with pytest.raises(CorruptImage, match=r"^cat\.png is (empty|not a readable PNG)"):
            look(data, "cat.png")


def test_one_changed_byte_in_a_png_is_found_by_its_checksum():
    data = bytearray(encoded(Image.fromarray(noise())))
    data[len(data) // 2] ^= 1
    with pytest.raises(CorruptImage, match="wrong checksum in PNG chunk IDAT"):
        read_header(bytes(data), "cat.png")


@pytest.mark.parametrize("side", [8193, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(side):
    for look in (decode, read_header):
        with pytest.raises(CorruptImage, match=r"^cat\.png is .*64 megapixels"):
            look(png(side, side, 8, 0, b""), "cat.png")


def test_broken_images_are_not_measured_half_grey(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(InputError, match="LOAD_TRUNCATED_IMAGES is True"):
        read_header(encoded(Image.new("RGB", (2, 2))), "x")


def png(width: int, height: int, depth: int, colour: int, raw: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand: what Pillow cannot write (16-bit colour), or should not (bombs)."""
    header = struct.pack(">2I5B", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_tiff_that_lists_fewer_rows_than_it_has_is_truncated(mode, compression):
    if (mode, compression) == ("1", "jpeg"):
        return
    image = Image.new(mode, (40, 300))
    sound = encoded(image, "TIFF", compression=None if compression == "raw" else compression)
    assert decode(sound, "x").shape == (3, 300, 40)
    place = sound.index(struct.pack("<HHI", 0x0101, 4, 1)) if struct.pack("<HHI", 0x0101, 4, 1) in sound else None
    place = sound.index(struct.pack("<HHI", 0x0101, 3, 1)) if place is None else place
    taller = sound[: place + 8] + struct.pack("<H", 30_000) + sound[place + 10 :]
    with pytest.raises(CorruptImage, match="truncated"):
        decode(taller, "x")
