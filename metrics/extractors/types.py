"""The values that describe a feature extractor. One module of this package with one constant `EXTRACTOR` each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genbench.shapes import Float32, UInt8
from metrics.errors import InputError

Images = UInt8[np.ndarray, "b 3 h w"]
Features = Mapping[str, Float32[np.ndarray, "b _"]]
Extract = Callable[[Images], Features]


@dataclass(frozen=True)
class WeightFile:
    """A public weight file. `size` in bytes; `sha256` of the whole file where published, else its known prefix.

    Both are empty (0) where they are not on record. `hub` is the repository of the Hugging Face Hub that holds it under
    the last part of `url`, which many repositories share; `name` is unlike all others.
    """

    name: str
    url: str
    sha256: str
    size: int
    licence: str
    hub: str = ""

    @classmethod
    def of_hub(cls, repository: str, file: str, licence: str) -> "WeightFile":
        """A file of a repository of the Hub, of which neither hash nor size is on record."""
        name = f"{repository.replace('/', '-')}.{file.rpartition('.')[2]}"
        return cls(name, f"https://huggingface.co/{repository}/resolve/main/{file}", "", 0, licence, repository)

    @property
    def name_in_hub(self) -> str:
        """The file's own name in its repository of the Hub; "" where it is in none."""
        return self.url.rpartition("/")[2] if self.hub else ""


@dataclass(frozen=True)
class PackagedFile:
    """A weight file inside another package of the Python index: `path` below its `module`, which is never imported."""

    distribution: str
    module: str
    path: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class Needed:
    """Another package that an extractor runs, of at least this version; `extra` is the one of ours that brings it."""

    distribution: str
    at_least: str
    extra: str


@dataclass(frozen=True)
class Extractor:
    """A feature extractor.

    `taps` maps each named output to its width; `pool` is the tap of FID, KID and PRDC; `logits` and `classes` are what
    the Inception Score reads (empty and 0 where the extractor is no classifier), `class_names` gives the names of these
    classes, () where none are known; `spatial` is the tap of sFID, which
    keeps the place in the image. `resize` lists the accepted resize modes, the default first. `weights` are public
    files, any ONE of which suffices; `shipped` names a file in `metrics/extractors/weights/` instead, `packaged` one in
    an installed package; none of the three means that no weights are needed. `needed` is an optional package that it
    runs. A network in a file `carries` the sha256 of that file. Of a network that nobody has looked at yet, `open` does
    that, which runs its author's code where it `is_code`. `build(weights, resize, device, taps)` returns a function
    from uint8 [b, 3, h, w] to {tap: float32 [b, d]}; heavy imports happen inside it.
    An extractor in bfloat16 (`lowered`) knows the `exact` one, in float32.
    `family` names the only other extractors that a number may stand beside ("fid-inception", "digits", ...).
    """

    name: str
    title: str
    source: str
    family: str
    taps: Mapping[str, int]
    pool: str
    resize: tuple[str, ...]
    build: Callable[[Path | None, str, str, tuple[str, ...]], Extract]
    logits: str = ""
    classes: int = 0
    class_names: Callable[[], tuple[str, ...]] = tuple
    spatial: str = ""
    weights: tuple[WeightFile, ...] = ()
    shipped: str = ""
    packaged: PackagedFile | None = None
    needed: Needed | None = None
    carries: str = ""
    is_code: bool = False
    open: "Callable[[], Extractor] | None" = None
    exact: "Extractor | None" = None
    version: int = 1

    def opened(self, trust_code: bool = False) -> "Extractor":
        """With its taps and their widths, of a network that had to be looked at; InputError where that needs trust."""
        if self.is_code and not trust_code:
            raise InputError(
                f"{self.name} is TorchScript, which is code; give --trust-code too if you trust its author"
            )
        return self.open() if self.open else self

    @property
    def is_inception(self) -> bool:
        """Whether it is the network of published FIDs, beside which its own may stand."""
        return self.family == "fid-inception"
