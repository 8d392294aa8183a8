"""The keywords of `bench.settings.Settings` at work: sets of images are opened, and become features."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.measuring.measure import Measure, measure
from bench.measuring.spreading import spread_of
from bench.options import Network, checked
from bench.registry import LOWERED
from bench.settings.sets import Asking, FeatureSettings, LabelledSettings, SetSettings, Settings
from bench.sources import ImageSource, open_source
from bench.sources.listings import is_there
from bench.sources.opening import check_kind, check_path
from bench.sources.splits import split_named
from bench.storage.cache import open_cache
from metrics.errors import InputError

Images = str | os.PathLike[str] | np.ndarray | ImageSource | Any  # see bench.sources.open_source
Group = type[Settings] | type[Asking] | type[FeatureSettings]


@dataclass(frozen=True)
class Setup:
    """Which images of a set are read, and how they become features; all `settings` are there."""

    settings: LabelledSettings

    @classmethod
    def of(cls, given: Mapping[str, Any], group: Group = SetSettings) -> "Setup":
        """The setup of these keywords; InputError for one that is not in the group, with the close one, and for another
        kind."""
        checked(group, given)
        settings = checked(LabelledSettings, given)
        if settings["precision"] == "bf16":
            settings["extractor"] = _in_bfloat16(settings["extractor"])
        return cls(settings)

    @property
    def drawn(self) -> dict[str, int | None]:
        """What was drawn, as it stands in every result."""
        return {"limit": self.settings["limit"], "seed": self.settings["seed"]}

    def measure(self, logits: str | None = None) -> Measure:
        """The extractor, ready to be used."""
        how = self.settings
        return measure(
            how["extractor"],
            resize=how["resize"],
            tap=how["tap"],
            logits=logits,
            weights_file=how["weights"],
            offline=how["offline"],
            trust_code=how["trust_code"],
            device=how["device"],
            workers=how["workers"],
            batch_size=how["batch_size"],
            cache=how["cache"],
            spread=spread_of(how),
        )

    def open(self, images: Images, part: Callable[[int], range] | None = None) -> ImageSource:
        """A set of images, or a part of it that is not opened yet (see `open_source`); InputError where there is none,
        and for a limit of what is opened already."""
        how = self.settings
        if not isinstance(images, ImageSource):
            return open_source(
                images,
                limit=how["limit"],
                seed=how["seed"],
                skip_corrupt=how["skip_corrupt"],
                data_root=how["data_root"],
                cache=open_cache() if how["cache"] else None,
                part=part,
            )
        if how["limit"] is not None:
            raise InputError(
                f"limit {how['limit']} of an opened source {images.name!r}; give it to open_source instead"
            )
        return images

    def check_there(self, *given: Images) -> None:
        """A misspelt name is told before anybody is asked to download weights."""
        for images in given:
            if isinstance(images, ImageSource):
                continue
            if not isinstance(images, str | os.PathLike):
                check_kind(images)
                continue
            if split_named(images):
                continue
            check_path(images)
            if images == "" or not is_there(images):
                self.open(images)

    def watched(self, measuring: Measure, source: ImageSource) -> Measure:
        """The measure with this set's name in its progress."""
        tell = self.settings["progress"]
        return replace(measuring, progress=tell and (lambda done, total: tell(source.name, done, total)))


def _in_bfloat16(extractor: Network) -> str:
    if not isinstance(extractor, str):
        raise InputError("precision bf16 needs an extractor by name; run a network of your own in bfloat16 yourself")
    return extractor if extractor.endswith(LOWERED) else extractor + LOWERED
