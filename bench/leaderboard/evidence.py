"""What an entry keeps so that its scores can be computed again without an image, and what its track keeps for that.

features.npz of an entry:

| array      | shape and type   | where                          | what is computed again from it                      |
|------------|------------------|--------------------------------|-----------------------------------------------------|
| `pixels`   | uint8 [n, 32]    | always                         | digest, exact copies, repeats, what pictures show   |
| `features` | float32 [n, d]   | where both fit into MOST_BYTES | FID, KID, precision to coverage, influence, moments |
| `logits`   | float32 [n, c]   | likewise, of a classifier      | Inception Score                                     |

features.npz of a track has, each where it fits into MOST_REAL_BYTES, the features of `real 1`, `train` and `held out`
where entries keep theirs, and the `train pixels` and `held out pixels`.

`pixels` are the sha256 of shape and decoded pixels. Features are the float32 values that the extractor gave, so that
nothing is lost: with half as many bits a copy would no longer lie at distance 0. A thousand images in Inception's 2,048
features take 8 MB and are not kept: of them the mean and the eigenvalues in moments.npz have to do
(`bench.leaderboard.moments`).
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from bench import registry
from bench.leaderboard.entries import Entry
from bench.leaderboard.tracks import TRAIN, Rules
from bench.measuring.evaluation import REAL_1
from bench.storage.array_files import ArrayFile
from metrics.errors import InputError

MOST_BYTES = 2**20  # of features and logits of an entry
MOST_REAL_BYTES = 2**21  # of each array of a track
HASH_BYTES = 32
HELD_OUT = "held out"
PIXELS = " pixels"
REMEDY = "restore it or submit again"
Shapes = dict[str, tuple[tuple[int, ...], Any]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of one entry; `features` and `logits` are None where they are not kept, or there are none."""

    pixels: np.ndarray
    features: np.ndarray | None
    logits: np.ndarray | None

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the file."""
        found = {"pixels": self.pixels, "features": self.features, "logits": self.logits}
        return {name: array for name, array in found.items() if array is not None}


def evidence_of(rules: Rules, hashes: Sequence[str], features: np.ndarray, logits: np.ndarray | None) -> Evidence:
    """What is kept of images with these pixel hashes, features [n, d] and logits [n, c]."""
    found = {"pixels": hash_rows(hashes), "features": features, "logits": logits}
    arrays = {name: np.asarray(found[name], kind) for name, (_, kind) in entry_shapes(rules).items()}
    return Evidence(arrays["pixels"], arrays.get("features"), arrays.get("logits"))


def real_evidence(
    rules: Rules, features: Mapping[str, np.ndarray], hashes: Mapping[str, Sequence[str]]
) -> dict[str, np.ndarray]:
    """What a track keeps of the features [n, d] and pixel hashes of its real sets, by their names."""
    found = {**features, **{name + PIXELS: hash_rows(one) for name, one in hashes.items()}}
    return {name: np.asarray(found[name], kind) for name, (_, kind) in track_shapes(rules).items()}


def hash_rows(hashes: Sequence[str]) -> np.ndarray:
    """Hexadecimal sha256 as uint8 [n, 32]."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, HASH_BYTES)


def hashes_of(rows: np.ndarray) -> list[str]:
    """The inverse of `hash_rows`."""
    return [row.tobytes().hex() for row in rows]


# ----- shapes


def widths(rules: Rules) -> tuple[int, int]:
    """How many features and how many classes the extractor of a track gives; 0 classes where it predicts none."""
    taps = _taps(rules.protocol.extractor, tuple(sys.path))
    return int(taps[rules.protocol.pool]), int(taps.get(rules.protocol.logits, 0))


@lru_cache(maxsize=64)
def _taps(extractor: str, path: tuple[str, ...]) -> Mapping[str, int]:
    """Looked up once as long as `path`, where packages lie, is the same: a board asks for every entry."""
    taps: Mapping[str, int] = registry.load("extractors", extractor).taps
    return taps


def entry_shapes(rules: Rules) -> Shapes:
    """What an entry of a track keeps: the shape and type of each array."""
    (count,), (dims, classes) = rules.protocol.generated, widths(rules)
    shapes: Shapes = {"pixels": ((count, HASH_BYTES), np.uint8)}
    if 4 * count * (dims + classes) <= MOST_BYTES:
        shapes["features"] = ((count, dims), np.float32)
        if classes:
            shapes["logits"] = ((count, classes), np.float32)
    return shapes


def exact(entry: Entry, shapes: Shapes) -> bool:
    """Whether an entry keeps the features from which its scores follow; `shapes` are what its track's entries keep."""
    return entry.schema > 1 and "features" in shapes


def track_shapes(rules: Rules) -> Shapes:
    """What a track keeps."""
    dims, _ = widths(rules)
    real = {one.name: one.count for one in rules.protocol.real}[REAL_1]
    features = {REAL_1: real, TRAIN: rules.train.count, HELD_OUT: rules.held_out.count}
    pixels = {TRAIN + PIXELS: int(rules.copies.options["train"]), HELD_OUT + PIXELS: rules.held_out.count}
    shapes: Shapes = {name: ((count, HASH_BYTES), np.uint8) for name, count in pixels.items()}
    if "features" in entry_shapes(rules):
        shapes |= {name: ((count, dims), np.float32) for name, count in features.items()}
    return {name: one for name, one in shapes.items() if _size(*one) <= MOST_REAL_BYTES}


def _size(shape: tuple[int, ...], kind: Any) -> int:
    return prod(shape) * np.dtype(kind).itemsize


# ----- files


def read_evidence(path: Path, rules: Rules) -> Evidence:
    """The file of an entry: InputError where it is missing, damaged, or holds other arrays than its rules ask for."""
    arrays = _read(path, entry_shapes(rules))
    return Evidence(arrays["pixels"], arrays.get("features"), arrays.get("logits"))


def read_real_evidence(path: Path, rules: Rules) -> dict[str, np.ndarray]:
    """The file of a track, by the names of its arrays; InputError as `read_evidence`."""
    return _read(path, track_shapes(rules))


def _read(path: Path, shapes: Shapes) -> dict[str, np.ndarray]:
    with ArrayFile(path, REMEDY) as file:
        found = {name: (head.shape, head.dtype.type) for name in file.names if (head := file.header(name))}
        if found != shapes:
            raise InputError(f"{path} holds {_told(found)}; expected {_told(shapes)}; the file was changed")
        arrays = {name: file.read(name, most=_size(*one)) for name, one in shapes.items()}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError(f"{path} holds values that are not finite; the file was changed")
    return arrays


def _told(shapes: Shapes) -> str:
    return ", ".join(f"{name} {np.dtype(kind)} {list(shape)}" for name, (shape, kind) in sorted(shapes.items()))
