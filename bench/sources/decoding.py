"""From the bytes of an image file to uint8 [3, h, w]: one rule for each way of storing an image.

| stored as                            | rule                                                                      |
|--------------------------------------|---------------------------------------------------------------------------|
| RGB, 8 bit                           | as stored                                                                 |
| grey, 8 bit or less                  | repeated three times                                                      |
| black and white, 1 bit               | 0 or 255, repeated                                                        |
| grey, 16 bit                         | round(v / 257), repeated; a PGM by its own maximum                        |
| colour, 16 bit                       | the high byte (Pillow decodes no more than that)                          |
| palette                              | the palette's colours                                                     |
| alpha of any kind, transparent       | composited on white: round((a v + (255 - a) 255) / 255)                   |
| colour or palette entry              |                                                                           |
| CMYK, YCbCr                          | Pillow's conversion, no colour profile                                    |
| 32-bit integers or floats, LAB       | refused: no range is stated                                               |
| several frames                       | the first                                                                 |
| EXIF orientation, ICC profile, gamma | not applied: the stored pixels count, as in torch-fidelity and pytorch-fid|

White, because what lies under a transparent pixel is a leftover that nobody sees: the emojis of the seed are palette
PNGs with arbitrary colours there, meant for a white page. torch-fidelity and pytorch-fid drop alpha and measure those
leftovers; they also clip 16-bit grey at 255. For every other row the pixels are equal to theirs.

Corrupt files are errors, also where Pillow would be lenient: the checksum of every PNG chunk is compared.
"""

import zlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import PIL
from PIL import Image, ImageFile, UnidentifiedImageError, features

from genbench.errors import one_line
from genbench.shapes import UInt8
from metrics.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "GIF")  # every Pillow reads these
RARE = {  # and not every one these: how they are called, and what helps where it does not
    "AVIF": ("AVIF", 'get a newer one: pip install -U "pillow>=11.3"; or convert the image to PNG'),
    "JXL": ("JPEG XL", "convert the image to PNG, as `djxl a.jxl a.png` does"),
}
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
    | {".gif", ".avif", ".jxl"}
)
MAX_PIXELS = 64 * 2**20  # 8192 x 8192: larger than any generator's image, small enough to decode a few at once
GREY_MODES = frozenset({"1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N", "I"})
SIXTEEN_BITS = 65_535
PLAIN_MODES = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr"})
ORIENTATION = 0x0112  # EXIF tag
LOSSY_TIFF = frozenset({"jpeg", "tiff_jpeg", "webp", "lzma_jpeg"})


class CorruptImage(InputError):
    """One file that cannot be decoded, and the `problem` with it; the only error that skip_corrupt passes over."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"{name} {problem}: fix or remove it, or leave such files out with --skip-corrupt; "
            f"bench doctor lists them all"
        )
        self.problem = problem


@dataclass(frozen=True)
class Header:
    """What a file says about its image before it is decoded; `size` is (height, width)."""

    format: str
    mode: str
    size: tuple[int, int]
    lossy: bool
    transparent: bool
    frames: int
    rotated: bool
    profile: bool = False

    @property
    def grey(self) -> bool:
        return self.mode in GREY_MODES


def read_header(data: bytes, name: str) -> Header:
    """The header of an encoded image; CorruptImage naming the file where it is empty, no image, too large or broken."""
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise InputError(
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is True, so broken images would be measured half grey; "
            "expected False. Set it to False before you read images"
        )
    image = _open(data, name)
    if image.format == "PNG":
        _check_png(data, name)
    try:
        return Header(
            format="JPEG" if image.format == "MPO" else str(image.format),
            mode=image.mode,
            size=(image.height, image.width),
            lossy=_is_lossy(image, data),
            transparent=image.has_transparency_data,
            frames=getattr(image, "n_frames", 1),
            rotated="exif" in image.info and image.getexif().get(ORIENTATION, 1) not in (0, 1),
            profile=_has_profile(image),
        )
    except MemoryError:
        raise
    except Exception as error:
        raise _broken(name, error) from error


def claimed_pixels(data: bytes) -> int:
    """How many pixels an image has whose first bytes these are, by its header; 0 where no header can be read."""
    try:
        image = _open(data, "")
    except InputError:
        return 0
    return image.width * image.height


def decode(data: bytes, name: str) -> UInt8[np.ndarray, "3 h w"]:
    """The pixels of an encoded image by the rule of its mode (see the module's table), in [0, 255].

    Raises CorruptImage naming the file where it is corrupt, truncated, larger than 64 megapixels or of a mode without a
    rule.
    """
    image = _open(data, name)
    try:
        pixels = _rgb(image)
    except MemoryError:
        raise
    except Exception as error:  # whatever a decoder trips over in a damaged file: the file cannot be used
        raise _broken(name, error) from error
    if pixels is None:
        raise CorruptImage(name, f"is stored as {image.mode!r} ({image.format}), which has no known range of values")
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def pixels_of(image: Image.Image, name: str) -> UInt8[np.ndarray, "3 h w"]:
    """The pixels of an image that Pillow has opened or made, by the same rules; InputError where there are none."""
    try:
        pixels = _rgb(image)
    except MemoryError:
        raise
    except Exception as error:
        raise InputError(f"{name} cannot be read ({one_line(error)}); give it as an array") from error
    if pixels is None:
        raise InputError(f"{name} is of mode {image.mode!r}, which has no known range of values; convert it to RGB")
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def sixteen_bit_values(data: bytes, name: str) -> np.ndarray | None:
    """The values of a grey image of 16 bits as they are stored, [h, w]; None for images of other kinds."""
    image = _open(data, name)
    return np.asarray(image).astype(np.int64) if _is_sixteen_bit_grey(image) else None


def _open(data: bytes, name: str) -> Image.Image:
    if not data:
        raise CorruptImage(name, "is empty (0 bytes)")
    rare = _rare_format(data)
    if rare and not _is_read(rare):
        title, remedy = RARE[rare]
        raise InputError(f"{name} is {title}, which this Pillow ({PIL.__version__}) does not read; {remedy}")
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=(rare,) if rare else FORMATS)
    except UnidentifiedImageError as error:
        raise CorruptImage(name, f"is not a readable {rare or ', '.join(FORMATS)} image") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CorruptImage(name, f"is larger than {MAX_PIXELS // 2**20} megapixels and was not decoded") from error
    except MemoryError:
        raise
    except Exception as error:  # a decoder that trips over a damaged header
        raise _broken(name, error) from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        raise CorruptImage(name, f"is {size}, larger than {MAX_PIXELS // 2**20} megapixels, and was not decoded")
    if image.format == "TIFF":
        _check_tiff(image, name)
    return image


def _rare_format(data: bytes) -> str:
    """The format of RARE whose first bytes these are; "" of all others."""
    if data[4:8] == b"ftyp" and not {b"avif", b"avis"}.isdisjoint(data[at : at + 4] for at in range(8, 64, 4)):
        return "AVIF"
    return "JXL" if data.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")) else ""


def _is_read(rare: str) -> bool:
    Image.init()
    return rare in Image.OPEN and (rare != "AVIF" or bool(features.check("avif")))


def _broken(name: str, error: Exception) -> CorruptImage:
    return CorruptImage(name, f"is corrupt or truncated ({one_line(error)})")


def _rgb(image: Image.Image) -> np.ndarray | None:
    """uint8 [h, w, 3], or None for a mode without a rule."""
    if _is_sixteen_bit_grey(image):
        values = np.asarray(image).astype(np.uint32)
        grey = ((values + 128) // 257).astype(np.uint8)  # round(v / 257): 257 is odd, no ties
        grey[values == image.info.get("transparency", -1)] = 255
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        return _on_white(np.asarray(image.convert("RGBA")))
    if image.mode in PLAIN_MODES:
        return np.asarray(image.convert("RGB"))
    return None


def _is_sixteen_bit_grey(image: Image.Image) -> bool:
    # Older Pillow says I for I;16, and of a PGM, whose values it scales from the file's own maximum to 65,535.
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM"))


def _on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:].astype(np.uint32)
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)  # 255 is odd, no ties


def _has_profile(image: Image.Image) -> bool:
    """Whether a colour profile comes along that is not sRGB, which is what pixels without one are taken for."""
    profile = image.info.get("icc_profile") or b""
    return bool(profile) and not any("sRGB".encode(code) in profile for code in ("ascii", "utf-16-be"))


def _is_lossy(image: Image.Image, data: bytes) -> bool:
    if image.format == "WEBP":
        return _webp_is_lossy(data)
    return image.format in ("JPEG", "MPO", "AVIF") or image.info.get("compression") in LOSSY_TIFF


def _webp_is_lossy(data: bytes) -> bool:
    """True where a VP8 chunk (lossy) stands in the file, at its top or inside a frame, rather than VP8L."""
    position = 12  # after RIFF, size, WEBP
    while position + 8 <= len(data):
        kind, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8 "
        position += 8 + (16 if kind == b"ANMF" else size + size % 2)  # a frame's own chunks follow 16 bytes of geometry
    return False


def _check_tiff(image: Image.Image, name: str) -> None:
    """Pillow leaves the pixels of strips that the file does not list black, without a word."""
    tiles = getattr(image, "tile", ())
    listed = sum((right - left) * (low - high) for _, (left, high, right, low), *_ in tiles)
    if listed < image.width * image.height:
        raise CorruptImage(name, f"is truncated (it lists {listed:,} of {image.width * image.height:,} pixels)")


def _check_png(data: bytes, name: str) -> None:
    position, kind = 8, b""
    while kind != b"IEND":
        size, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        end = position + 8 + size
        if end + 4 > len(data):
            raise CorruptImage(name, "is truncated (it ends inside a PNG chunk)")
        if zlib.crc32(memoryview(data)[position + 4 : end]) != int.from_bytes(data[end : end + 4]):
            raise CorruptImage(name, f"is corrupt (wrong checksum in PNG chunk {kind.decode('latin-1')})")
        position = end + 4
