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

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.sources._contents import contents
from bench.sources.rows import Rows, three_channels
from bench.storage.array_files import ArrayFile, map_array
from metrics.errors import InputError

CHANNELS = (1, 3)
BLOCK_BYTES = 2**24
MAX_UNPACKED_BYTES = 2**34  # a compressed array has to be unpacked into memory; numpy.savez is read in place
REMEDY = "save uint8 images [n, h, w, 3] with numpy.save or numpy.savez"
TOO_DARK = 2 / 255


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
        if "arr_0" not in file.names and len(file.names) != 1:
            names = ", ".join(sorted(file.names)) or "nothing"
            found = contents({name: file.header(name).shape for name in file.names})
            raise InputError(f"{path} holds {names}; {found or 'expected images as arr_0 or as its only array'}")
        name = "arr_0" if "arr_0" in file.names else file.names[0]
        notes = (
            ["statistics: the file also holds mu and sigma, which only the FID of inception uses"] if statistics else []
        )
        return (file.map(name) if file.stored(name) else file.read(name, most=MAX_UNPACKED_BYTES)), notes


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
