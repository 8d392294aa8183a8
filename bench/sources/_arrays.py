"""Images in one array: .npy (memory-mapped), .npz (memory-mapped where it is not compressed), or given from Python.

Shape: [n, h, w, c] or [n, c, h, w] with c = 1 or 3. Values: uint8; or floats, whose range is found out over the WHOLE
array, because a guess per image or per batch (mimicry) gives every batch another scale:

| floats in           | rule                                                                                       |
|---------------------|--------------------------------------------------------------------------------------------|
| [0, 1]              | round(255 x)                                                                               |
| [-1, 1], some < 0   | floor(clip(127.5 x + 128, 0, 255)), as NVlabs stylegan3 and edm write their images         |
| all below 2/255     | refused: black pictures, or [0, 1] divided by 255 twice, or grey in [-1, 1]?               |
| anything else, NaN  | refused: the message says how to convert                                                   |

Nothing is ever unpickled. A file with mu and sigma but no arr_0 holds statistics, not images.
"""

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from bench.sources._rows import Rows, three_channels
from metrics._errors import InputError

CHANNELS = (1, 3)
BLOCK_BYTES = 2**24
MAX_UNPACKED_BYTES = 2**34  # a compressed array has to be unpacked into memory
TOO_DARK = 2 / 255

Header = tuple[tuple[int, ...], bool, np.dtype]  # shape, Fortran order, dtype


def load_array(path: Path) -> tuple[np.ndarray, list[str]]:
    """The one array of images in a .npy or .npz file, and notes; InputError where there is none that can be used."""
    try:
        if path.suffix.lower() == ".npz":
            return _from_npz(path)
        with path.open("rb") as stream:
            header = _header(stream, path)
            return _mapped(path, header, stream.tell()), []
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, SyntaxError) as error:
        raise InputError(f"{path} is not a readable array file ({_line(error)}); save it with numpy.save") from error


def _from_npz(path: Path) -> tuple[np.ndarray, list[str]]:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        statistics = {"mu", "sigma"} <= set(members)
        if statistics and "arr_0" not in members:
            raise InputError(
                f"{path} holds saved statistics (mu, sigma), not images; give it to `bench fid` as the reference set"
            )
        if "arr_0" not in members and len(members) != 1:
            names = ", ".join(sorted(members)) or "nothing"
            raise InputError(f"{path} holds {names}; expected images as arr_0 or as its only array")
        info = members.get("arr_0") or next(iter(members.values()))
        with archive.open(info) as stream:
            header = _header(stream, path)
            start = stream.tell()
        notes = ["statistics: the file also holds mu and sigma, which are not used here"] if statistics else []
        if info.compress_type == zipfile.ZIP_STORED:
            with path.open("rb") as file:
                return _mapped(path, header, _data_offset(file, info) + start), notes
        shape, _, dtype = header
        claimed = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if claimed > MAX_UNPACKED_BYTES:
            raise InputError(
                f"{path} unpacks to {claimed:,} bytes; compressed arrays of at most {MAX_UNPACKED_BYTES:,} are read. "
                f"Save it with numpy.savez, which is read in place"
            )
        with archive.open(info) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False), notes


def _mapped(path: Path, header: Header, offset: int) -> np.ndarray:
    shape, fortran, dtype = header
    if 0 in shape:
        return np.empty(shape, dtype)  # nothing to map; refused later with the shape in the message
    return np.memmap(path, dtype, mode="r", offset=offset, shape=shape, order="F" if fortran else "C")


def _header(stream: IO[bytes], path: Path) -> Header:
    version = np.lib.format.read_magic(stream)  # type: ignore[arg-type]
    reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if reader is None:
        raise InputError(f"{path} holds an array in format {version}; expected 1.0 or 2.0. Save it with numpy.save")
    shape, fortran, dtype = reader(stream)  # type: ignore[arg-type]
    if dtype.hasobject:
        raise InputError(f"{path} holds Python objects, which are never loaded; save uint8 images [n, h, w, 3]")
    return shape, fortran, dtype


def _data_offset(file: IO[bytes], info: zipfile.ZipInfo) -> int:
    """Where a stored member begins: behind its local header of 30 bytes, its name and its extra field."""
    file.seek(info.header_offset + 26)
    name, extra = file.read(2), file.read(2)
    return info.header_offset + 30 + int.from_bytes(name, "little") + int.from_bytes(extra, "little")


def rows_of(array: np.ndarray, name: str) -> Rows:
    """rows(start, stop) -> uint8 [b, 3, h, w] of an array of images; InputError where shape or values do not fit."""
    last = _channels_last(array, name)
    to_uint8 = _conversion(array, name)

    def rows(start: int, stop: int) -> np.ndarray:
        block = np.asarray(array[start:stop])
        images = to_uint8(block.transpose(0, 3, 1, 2) if last else block)
        return np.ascontiguousarray(three_channels(images))

    return rows


def _channels_last(array: np.ndarray, name: str) -> bool:
    shape = "[" + ", ".join(map(str, array.shape)) + "]"
    if array.dtype.hasobject:
        raise InputError(f"{name} holds Python objects, which are never loaded; save uint8 images [n, h, w, 3]")
    if array.ndim != 4:
        raise InputError(
            f"{name} has shape {shape}; expected [n, h, w, c] or [n, c, h, w] with 1 or 3 channels "
            f"(grey images [n, h, w]: array[..., None])"
        )
    if 0 in array.shape:
        raise InputError(f"{name} has shape {shape}: it holds no images")
    last, first = array.shape[3] in CHANNELS, array.shape[1] in CHANNELS
    if last and first:
        raise InputError(f"{name} has shape {shape}, which reads as [n, h, w, c] and as [n, c, h, w]; pad the images")
    if not last and not first:
        raise InputError(f"{name} has shape {shape}; expected 1 or 3 channels, first or last. Composite alpha first")
    return last


def _conversion(array: np.ndarray, name: str) -> Callable[[np.ndarray], np.ndarray]:
    if array.dtype == np.uint8:
        return np.asarray
    if array.dtype.kind != "f":
        raise InputError(f"{name} has dtype {array.dtype}; expected uint8 in [0, 255], or floats in [0, 1] or [-1, 1]")
    low, high = _range(array)
    if np.isnan(low) or np.isnan(high):
        raise InputError(f"{name} holds NaN; expected floats in [0, 1] or [-1, 1]. Look at what made it")
    if low < -1 or high > 1:
        hint = "convert with .round().astype(numpy.uint8)" if low >= 0 and 2 < high <= 255 else "clip or rescale it"
        raise InputError(f"{name} holds floats from {low:.6g} to {high:.6g}; expected [0, 1] or [-1, 1]: {hint}")
    if low < 0:
        return lambda x: (np.asarray(x, _precision(x)) * 127.5 + 128).clip(0, 255).astype(np.uint8)
    if high < TOO_DARK:
        raise InputError(
            f"{name} holds floats from {low:.6g} to {high:.6g}, which does not tell [0, 1] from [-1, 1] "
            f"or from a scale applied twice; convert it to uint8"
        )
    return lambda x: np.rint(np.asarray(x, _precision(x)) * 255).astype(np.uint8)


def _precision(values: np.ndarray) -> type:
    return np.float64 if values.dtype.itemsize >= 8 else np.float32  # float16 cannot hold 255 steps times 127.5 exactly


def _range(array: np.ndarray) -> tuple[float, float]:
    rows = max(1, BLOCK_BYTES // max(1, array[0].nbytes))
    blocks = [np.asarray(array[start : start + rows]) for start in range(0, len(array), rows)]
    return float(np.min([block.min() for block in blocks])), float(np.max([block.max() for block in blocks]))


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
