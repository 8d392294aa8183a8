"""Images in one array: .npy (memory-mapped), .npz (memory-mapped where it is not compressed), or given from Python.

Shape: [n, h, w, c] or [n, c, h, w] with c = 1 or 3. Values: uint8; or floats, whose range is found out over the WHOLE
array, because a guess per image or per batch (mimicry) gives every batch another scale:

| floats in           | rule                                                                                       |
|---------------------|--------------------------------------------------------------------------------------------|
| [0, 1]              | round(255 x)                                                                               |
| [-1, 1], some < 0   | floor(clip(127.5 x + 128, 0, 255)), as NVlabs stylegan3 and edm write their images         |
| all below 2/255     | refused: black pictures, or [0, 1] divided by 255 twice, or grey in [-1, 1]?               |
| anything else, NaN  | refused: the message says how to convert                                                   |

Nothing is ever unpickled. `labels`, `y` or `arr_1` [n] beside the images are their classes. A file with mu and sigma
but no arr_0 holds statistics, not images.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.sources._contents import contents
from bench.sources._types import Choose, ImageSource
from bench.sources.labels import of_values
from bench.sources.rows import Rows, from_rows, hash_of, three_channels
from bench.storage.array_files import ArrayFile, map_array
from metrics.errors import InputError

CHANNELS = (1, 3)
BLOCK_BYTES = 2**24
MAX_UNPACKED_BYTES = 2**34  # a compressed array has to be unpacked into memory; numpy.savez is read in place
REMEDY = "save uint8 images [n, h, w, 3] with numpy.save or numpy.savez"
TOO_DARK = 2 / 255
LABELS = ("labels", "y", "arr_1")  # arrays beside the images that say their classes; the last is ADM's


def load_array(path: Path, remedy: str = REMEDY) -> tuple[np.ndarray, list[str]]:
    """The one array of images in a .npy or .npz file, and notes; InputError where there is none that can be used."""
    if path.suffix.lower() != ".npz":
        return map_array(path, remedy=remedy), []
    with ArrayFile(path, remedy) as file:
        statistics = {"mu", "sigma"} <= set(file.names)
        if statistics and "arr_0" not in file.names:
            raise InputError(
                f"{path} holds saved statistics (mu, sigma), not images; give it to `bench fid` as the reference set"
            )
        images = [name for name in file.names if name not in LABELS] or file.names
        if "arr_0" not in images and len(images) != 1:
            names = ", ".join(sorted(file.names)) or "nothing"
            found = contents({name: file.header(name).shape for name in file.names})
            raise InputError(f"{path} holds {names}; {found or 'expected images as arr_0 or as its only array'}")
        name = "arr_0" if "arr_0" in images else images[0]
        notes = (
            ["statistics: the file also holds mu and sigma, which only the FID of inception uses"] if statistics else []
        )
        return (file.map(name) if file.stored(name) else file.read(name, most=MAX_UNPACKED_BYTES)), notes


def from_file(path: Path, choose: Choose) -> ImageSource:
    """The images of a .npy or .npz file."""
    array, notes = load_array(path)
    rows = rows_of(array, path.name)
    labels, unfit = load_labels(path, len(array))
    kind = path.suffix.lower()[1:]
    return from_rows(path.stem, kind, rows, len(array), choose(len(array)), (), [*notes, *unfit], labels=labels)


def load_labels(path: Path, count: int) -> tuple[tuple[str, ...], list[str]]:
    """The classes of `count` images that stand beside them in a .npz, () where none do, and a note on what is none."""
    if path.suffix.lower() != ".npz":
        return (), []
    notes: list[str] = []
    with ArrayFile(path) as file:
        for name in LABELS if len(file.names) > 1 else ():
            if name not in file.names:
                continue
            header = file.header(name)
            if header.shape in ((count,), (count, 1)) and header.dtype.kind in "iuU":
                return of_values(file.read(name, most=MAX_UNPACKED_BYTES).ravel()), notes
            if name != "arr_1":
                found = f"{header.dtype} {list(header.shape)}"
                notes.append(f"labels: {name!r} is {found}; expected {count} whole numbers or names; it is left aside")
    return (), notes


def from_array(array: np.ndarray, choose: Choose) -> ImageSource:
    """The images of an array of the caller's, who may write into it: each is compared with its hash when it is read."""
    source = from_rows("array", "array", rows_of(array, "array"), len(array), choose(len(array)), (), [])
    rows = source.read_range
    assert rows is not None, "an array is read by rows"

    def read_range(start: int, stop: int) -> np.ndarray:
        images = rows(start, stop)
        for number, image in enumerate(images, start):
            if hash_of(image) != source.hashes[number]:
                raise InputError(f"image {number} of the array was changed after it was opened; open a copy of it")
        return images

    return replace(source, read=lambda index: read_range(index, index + 1)[0], read_range=read_range)


def rows_of(array: np.ndarray, name: str) -> Rows:
    """rows(start, stop) -> uint8 [b, 3, h, w] of an array of images; InputError where shape or values do not fit."""
    last = channels_last(array, name)
    to_uint8 = _conversion(array, name)

    def rows(start: int, stop: int) -> np.ndarray:
        block = np.asarray(array[start:stop])
        images = to_uint8(block.transpose(0, 3, 1, 2) if last else block)
        return np.ascontiguousarray(three_channels(images))

    return rows


def channels_last(array: np.ndarray, name: str) -> bool:
    """Whether an array of images is [n, h, w, c] rather than [n, c, h, w]; InputError where it is neither, or both."""
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
        raise InputError(f"{name} has shape {shape}, which can mean [n, h, w, c] or [n, c, h, w]; pad the images")
    if not last and not first:
        raise InputError(f"{name} has shape {shape}; expected 1 or 3 channels, first or last. Composite alpha first")
    return last


def _conversion(array: np.ndarray, name: str) -> Callable[[np.ndarray], np.ndarray]:
    if array.dtype == np.uint8:
        return np.asarray
    check_type(array.dtype, name)
    low, high = extremes_of(array)
    check_range(low, high, name)
    if low < 0:
        return from_signed
    check_bright(low, high, name)
    return from_unit


def check_type(dtype: np.dtype, name: str) -> None:
    """InputError unless these are uint8 or floats."""
    if dtype != np.uint8 and dtype.kind != "f":
        raise InputError(f"{name} has dtype {dtype}; expected uint8 in [0, 255], or floats in [0, 1] or [-1, 1]")


def check_range(low: float, high: float, name: str) -> None:
    """InputError unless floats from `low` to `high` lie in [-1, 1]."""
    if np.isnan(low) or np.isnan(high):
        raise InputError(f"{name} holds NaN; expected floats in [0, 1] or [-1, 1]. Check the program that made it")
    if low < -1 or high > 1:
        hint = "convert with .round().astype(numpy.uint8)" if low >= 0 and 2 < high <= 255 else "clip or rescale it"
        raise InputError(f"{name} holds floats from {low:.6g} to {high:.6g}; expected [0, 1] or [-1, 1]: {hint}")


def check_bright(low: float, high: float, name: str) -> None:
    """InputError where floats of 0 and more are so small that their range cannot be told."""
    if high < TOO_DARK:
        raise InputError(
            f"{name} holds floats from {low:.6g} to {high:.6g}, so the range can be [0, 1], [-1, 1] "
            "or one that was scaled twice; convert it to uint8"
        )


def from_unit(values: np.ndarray) -> np.ndarray:
    """uint8 of floats in [0, 1]."""
    return np.rint(np.asarray(values, _precision(values)) * 255).astype(np.uint8)


def from_signed(values: np.ndarray) -> np.ndarray:
    """uint8 of floats in [-1, 1]."""
    return (np.asarray(values, _precision(values)) * 127.5 + 128).clip(0, 255).astype(np.uint8)


def _precision(values: np.ndarray) -> type:
    return np.float64 if values.dtype.itemsize >= 8 else np.float32  # float16 cannot hold 255 steps times 127.5 exactly


def extremes_of(array: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest value, NaN where there is one; a block is in memory at a time."""
    rows = max(1, BLOCK_BYTES // max(1, array[0].nbytes))
    blocks = [np.asarray(array[start : start + rows]) for start in range(0, len(array), rows)]
    return float(np.min([block.min() for block in blocks])), float(np.max([block.max() for block in blocks]))
