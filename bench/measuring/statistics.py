"""Mean and covariance of a set, kept by content or saved in a file.

The file is an npz with `mu` [d] and `sigma` [d, d], divided by n - 1, as pytorch-fid, TTUR, clean-fid and EDM keep it.
What is written here adds `count` and `provenance` (JSON text: extractor, weights, resize, tap, digest), which those
tools ignore. A second pair `mu_s, sigma_s` is of the spatial features of the sFID, as ADM keeps them.
Nothing is ever unpickled.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench import __version__
from bench.measuring.feature_table import FEATURES_VERSION, FeatureTable
from bench.storage.array_files import ArrayFile
from bench.storage.cache import Cache, digest_of
from bench.storage.files import whole
from metrics.arithmetic.arrays import row_blocks
from metrics.errors import InputError
from metrics.extractors.types import Extractor
from metrics.fid import check_covariance

STATISTICS_VERSION = 2  # goes up when the arithmetic of mean or covariance changes a number
MAX_DIMENSION = 16_384  # sigma of 2 GB; a file that claims more is a bomb, no known extractor comes near
MAX_TEXT_BYTES = 2**20
PAIRS = {"pool": ("mu", "sigma"), "spatial": ("mu_s", "sigma_s")}  # arrays of a file by what metrics read of an image
QUESTION = ("extractor", "extractor_version", "weights_sha256", "resize", "tap")  # what must agree to be comparable


class Gaussian(Protocol):
    """What `metrics.fid.GaussianStats` has: mean [d], cov [d, d] with 1/(n-1), count."""

    @property
    def mean(self) -> np.ndarray: ...
    @property
    def cov(self) -> np.ndarray: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, eq=False)
class SavedStatistics:
    """Statistics of a set, computed or from a file: float64 mean [d] and symmetric cov [d, d].

    `count` and `provenance` are None where a file does not say them. `notes` belong beside every number made from them.
    `with_images` says that the file holds images too, which these statistics need not be of. `spatial` are mean and cov
    of the spatial features, where a file holds them.
    """

    mean: np.ndarray
    cov: np.ndarray
    count: int | None
    provenance: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()
    with_images: bool = False
    spatial: tuple[np.ndarray, np.ndarray] | None = None


def provenance_of(table: FeatureTable, tap: str) -> dict[str, Any]:
    """What the statistics of a feature table are: the question that a stored number carries."""
    return {
        "extractor": table.extractor,
        "extractor_version": table.version,
        "weights_sha256": table.weights_sha256,
        "resize": table.resize,
        "tap": tap,
        "source": table.source_name,
        "source_digest": table.source_digest,
        "count": table.count,
        "features_version": FEATURES_VERSION,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of this package and of numpy, as a file of statistics names them."""
    return {"genbench": __version__, "numpy": np.__version__}


def statistics_of(
    table: FeatureTable, tap: str, compute: Callable[[Iterator[np.ndarray]], Gaussian], cache: Cache | None = None
) -> SavedStatistics:
    """The statistics of one tap of a feature table, by `compute` from its rows in blocks or from the cache.

    Kept where n > d only: a covariance of fewer images is larger than their features and as quickly computed.
    """
    notes: list[str] = []
    provenance = provenance_of(table, tap)
    key = digest_of({"statistics_version": STATISTICS_VERSION, "features": table.key(tap)})
    features = table.arrays[tap]
    if cache is not None and len(features) <= features.shape[1]:
        cache = None
    entry = cache.get(key, notes.append) if cache else None
    if entry is None:
        stats = compute(row_blocks(features))
        entry = {"mu": np.asarray(stats.mean, np.float64), "sigma": np.asarray(stats.cov, np.float64)}
        if cache:
            what = f"statistics {table.extractor} {tap} {table.resize}, {table.count} images"
            notes += filter(None, [cache.put(key, entry, {"what": what, **provenance})])
    return SavedStatistics(entry["mu"], entry["sigma"], table.count, provenance, tuple(notes))


def check_target(path: Path, force: bool) -> None:
    """Raises InputError where statistics cannot go: no .npz, a missing folder, an existing file without `force`."""
    if path.suffix != ".npz":
        raise InputError(f"{path}: statistics are kept in .npz files, so that other tools can read them; rename it")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}; make it first")
    if path.exists() and not force:
        raise InputError(f"{path} exists; choose another name or replace it with --force")


def write_statistics(
    path: Path,
    stats: Gaussian,
    provenance: Mapping[str, Any],
    *,
    spatial: Gaussian | None = None,
    force: bool = False,
) -> None:
    """Write an npz with float64 `mu` and `sigma`, int64 `count` and `provenance` as JSON text, whole or not at all;
    with `mu_s` and `sigma_s` where there are statistics of spatial features.

    Raises InputError for what `check_target` refuses, and for statistics that are not finite.
    """
    path = Path(path)
    check_target(path, force)
    arrays: dict[str, np.ndarray] = {}
    for names, one in zip(PAIRS.values(), (stats, spatial), strict=True):
        if one is not None:
            arrays |= dict(zip(names, (np.asarray(one.mean, np.float64), np.asarray(one.cov, np.float64)), strict=True))
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError(f"{path}: statistics of {stats.count} images are not finite; a covariance needs at least two")
    text = np.array(json.dumps(dict(provenance), sort_keys=True, allow_nan=False))
    with whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **arrays, count=np.int64(stats.count), provenance=text)  # type: ignore[arg-type]


def is_statistics(path: Path) -> bool:
    """Whether a file is an npz that holds `mu` and `sigma`; reads its table of contents only."""
    try:
        with ArrayFile(path) as file:
            return {"mu", "sigma"} <= set(file.names)
    except InputError:
        return False


def read_statistics(path: Path) -> SavedStatistics:
    """Statistics written here, by pytorch-fid, TTUR, clean-fid, EDM or ADM, checked.

    Raises InputError for a file that is missing, damaged or no statistics file, for object arrays, shapes that do not
    fit together, values that are not finite, and a covariance that is not symmetric beyond rounding.
    """
    path = Path(path)
    with ArrayFile(path, f"`bench stats DIR -o {path.name}` writes statistics") as file:
        names = set(file.names)
        if not {"mu", "sigma"} <= names:
            raise InputError(f"{path} is not a statistics file: expected mu and sigma, found {_listed(names)}")
        mean, cov = _mean_and_cov(file, *PAIRS["pool"])
        spatial = _mean_and_cov(file, *PAIRS["spatial"]) if names & set(PAIRS["spatial"]) else None
        count = _count(file) if "count" in names else None
        provenance = _provenance(file) if "provenance" in names else None
    notes = []
    if "arr_0" in names:
        too = "" if spatial is None else ", and the sFID its mu_s and sigma_s"
        notes.append(
            f"{path.name}: this FID uses its mu and sigma{too}, as papers do with such a file; every "
            "other metric uses its images (arr_0), which may be different images"
        )
    if count is None:
        notes.append(f"{path.name} does not say how many images it was made from, so its bias is not known")
    return SavedStatistics(mean, cov, count, provenance, tuple(notes), "arr_0" in names, spatial)


def check_compatible(
    provenance: Mapping[str, Any] | None,
    extractor: Extractor,
    weights_sha256: str,
    resize: str,
    tap: str,
    what: str = "the statistics file",
) -> tuple[str, ...]:
    """Warnings about what a statistics file (or another set, `what`) leaves open, () where all is known to agree.

    Raises InputError that names each field in which the file differs from what is asked.
    """
    asked = dict(zip(QUESTION, (extractor.name, extractor.version, weights_sha256, resize, tap), strict=True))
    if provenance is None:
        made = f"{extractor.name} {tap} with resize {resize}"
        return (f"{what} does not say how it was made; {made} is assumed",)
    differing = [
        f"{field} is {_short(provenance[field])}, asked for {_short(value)}"
        for field, value in asked.items()
        if field in provenance and provenance[field] != value
    ]
    if differing:
        raise InputError(
            f"{what} was made with other settings: {'; '.join(differing)}. Ask for the same, or make it again"
        )
    open_fields = [field for field in asked if field not in provenance]
    if open_fields:
        return (f"{what} does not say its {', '.join(open_fields)}; what was asked is assumed",)
    return ()


def _mean_and_cov(file: ArrayFile, mu: str, sigma: str) -> tuple[np.ndarray, np.ndarray]:
    path = file.path
    if lacking := {mu, sigma} - set(file.names):
        raise InputError(f"{path} holds no {_listed(lacking)}; expected {mu} and {sigma}, or neither of them")
    headers = {name: file.header(name) for name in (mu, sigma)}
    for name, header in headers.items():
        if header.dtype.kind != "f":
            raise InputError(f"{path}: {name} holds {header.dtype}; expected float32 or float64")
    shapes = {name: header.shape for name, header in headers.items()}
    (*_, d) = shapes[mu] or (0,)
    if len(shapes[mu]) != 1 or shapes[sigma] != (d, d) or d == 0:
        raise InputError(f"{path}: {mu} is {shapes[mu]} and {sigma} {shapes[sigma]}; expected (d,) and (d, d)")
    if d > MAX_DIMENSION:
        raise InputError(f"{path}: claims {d} dimensions; expected at most {MAX_DIMENSION}")
    mean, cov = (file.read(name, most=headers[name].size_bytes) for name in (mu, sigma))
    return check_covariance(mean, cov, str(path))


def _count(file: ArrayFile) -> int:
    header = file.header("count")
    if header.shape == () and header.dtype.kind in "iu" and (count := int(file.read("count", most=8))) >= 2:
        return count
    raise InputError(f"{file.path}: count is not a whole number of at least 2; write the file again with `bench stats`")


def _provenance(file: ArrayFile) -> dict[str, Any]:
    provenance = file.json("provenance", most=MAX_TEXT_BYTES)
    if isinstance(provenance, dict):
        return provenance
    raise InputError(f"{file.path}: provenance is not a JSON object; write the file again with `bench stats`")


def _listed(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "") or "nothing"


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] + "..." if len(text) == 64 else repr(value)
