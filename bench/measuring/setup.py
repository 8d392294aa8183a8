"""The keywords that all functions of `bench.api` take: which images of a set are read, and how they become features."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from bench.measuring.measure import BATCH_SIZE, Measure, measure
from bench.measuring.scoring import Options
from bench.sources import ImageSource, open_source
from bench.storage.cache import open_cache
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import check_names, check_seed, place, shown, switch, text, whole_number

Images = str | os.PathLike[str] | np.ndarray | ImageSource | Any  # see bench.sources.open_source
Progress = Callable[[str, int, int], None]  # name of the set, images done, images in all

LEAST = {"workers": 0, "batch_size": 1}  # of the settings that are numbers


class Settings(TypedDict, total=False):
    """The keywords that every function here takes; the defaults stand in `Setup`."""

    extractor: str
    resize: str | None
    tap: str | None
    weights: Path | None
    offline: bool
    device: str
    workers: int
    batch_size: int
    cache: bool
    limit: int | None
    seed: int
    skip_corrupt: bool
    data_root: Path | None
    progress: Progress | None


@dataclass(frozen=True)
class Setup:
    """Which images of a set are read, and how they become features."""

    extractor: str = "inception"  # a name of `bench list extractors`
    resize: str | None = None  # None: the extractor's first mode
    tap: str | None = None  # None: the extractor's usual features
    weights: Path | None = None  # a file of one's own
    offline: bool = False  # offer no download where weights are missing
    device: str = "auto"  # auto, cpu or cuda
    workers: int = 2  # threads that decode; 0 decodes in the caller's own
    batch_size: int = BATCH_SIZE
    cache: bool = True  # keep features by content
    limit: int | None = None  # draw so many images of each set
    seed: int = Options.seed  # of every draw: the limit, the metrics' shuffles and subsets
    skip_corrupt: bool = False  # leave out files that cannot be decoded, with a warning
    data_root: Path | None = None  # where data sets were downloaded to
    progress: Progress | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Setup":
        """The setup of these keywords; InputError for an unknown one, with the close one."""
        check_names(settings, (field.name for field in fields(cls)), "keyword")
        return cls(**settings)

    def __post_init__(self) -> None:
        """InputError for a value of another kind, before an image is read."""
        for name in ("extractor", "device"):
            text(getattr(self, name), name)
        for name in ("offline", "cache", "skip_corrupt"):
            switch(getattr(self, name), name)
        changed: dict[str, Any] = {
            name: whole_number(getattr(self, name), name, least) for name, least in LEAST.items()
        }
        changed["seed"] = check_seed(self.seed)
        optional: dict[str, Callable[[Any, str], Any]] = {"resize": text, "tap": text, "weights": place}
        optional |= {"data_root": place, "limit": lambda value, name: whole_number(value, name, 1)}
        for name, check in optional.items():
            value = getattr(self, name)
            changed[name] = None if value is None else check(value, name)
        if self.progress is not None and not callable(self.progress):
            raise InputError(f"progress is {shown(self.progress)}; expected a function progress(name, done, total)")
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    def measure(self, logits: str | None = None) -> Measure:
        return measure(
            self.extractor,
            resize=self.resize,
            tap=self.tap,
            logits=logits,
            weights_file=None if self.weights is None else expanded(self.weights),
            offline=self.offline,
            device=self.device,
            workers=self.workers,
            batch_size=self.batch_size,
            cache=self.cache,
        )

    def open(self, images: Images) -> ImageSource:
        if not isinstance(images, ImageSource):
            return open_source(
                images,
                limit=self.limit,
                seed=self.seed,
                skip_corrupt=self.skip_corrupt,
                data_root=None if self.data_root is None else expanded(self.data_root),
                cache=open_cache() if self.cache else None,
            )
        if self.limit is not None:
            raise InputError(f"limit {self.limit} of an opened source {images.name!r}; give it to open_source instead")
        return images

    def watched(self, measuring: Measure, source: ImageSource) -> Measure:
        """The measure with this set's name in its progress."""
        tell = self.progress
        return replace(measuring, progress=tell and (lambda done, total: tell(source.name, done, total)))
