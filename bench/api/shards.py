"""Features computed ahead, a shard of a set in each process of a job array: `features`, and `cache_status`."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Unpack

from bench.api.result import Result
from bench.measuring.features import fill
from bench.measuring.measure import Measure
from bench.measuring.scoring import load_metrics
from bench.measuring.sets import taps_for
from bench.measuring.setup import Images, Setup
from bench.measuring.tiles import TILE, missing_rows
from bench.settings.sets import FeatureSettings, PreciseSettings
from bench.sources import ImageSource
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.options import text

EXPECTED = "expected I/N with I from 1 to N, such as 1/64"


@dataclass(frozen=True)
class Shard:
    """The one with this number, of so many, counted from 1."""

    number: int = 1
    of: int = 1

    def rows(self, count: int) -> range:
        """Its images of so many: whole tiles, that lie side by side; an empty range where there are fewer tiles."""
        there = ceil(count / TILE)
        first, last = (there * part // self.of for part in (self.number - 1, self.number))
        return range(first * TILE, min(last * TILE, count))


def shard_of(asked: str | None) -> Shard:
    """The shard of a text I/N; where none is given, that of this process of torchrun (RANK and WORLD_SIZE), else all.

    InputError for anything else.
    """
    if asked is None:
        rank, world = (os.environ.get(name, "") for name in ("RANK", "WORLD_SIZE"))
        return Shard(int(rank) + 1, int(world)) if rank.isdecimal() and world.isdecimal() else Shard()
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text(asked, "shard"))
    if found and 1 <= int(found[1]) <= int(found[2]):
        return Shard(int(found[1]), int(found[2]))
    raise InputError(f"shard is {asked!r}; {EXPECTED}")


@numpy_defaults()
def features(
    images: Images,
    *,
    shard: str | None = None,
    metrics: Iterable[str] | str = "fid",
    **settings: Unpack[FeatureSettings],
) -> Result:
    """Computes the features of a set that `metrics` read, or of one `shard` of it ("3/64"), and keeps them in the
    cache.

    Shards are cut at tiles of 1,024 images, and only the images of this one are read. `fid` and all others find the
    features there afterwards, which are the same however the set was cut. Keys: `source`, `shard`, `shards`, `images`
    in this shard, `computed` now and `there` before, `folder` of the cache, extractor, resize, taps, `version`,
    `warnings`. Raises InputError, also where the features cannot be kept.
    """
    setup, part = Setup.of(settings, FeatureSettings), shard_of(shard)
    if not setup.settings["cache"]:
        raise InputError("features are computed for the cache; leave --no-cache out")
    setup.check_there(images)
    measuring = setup.measure()
    taps = taps_for(measuring, load_metrics(metrics))
    counted: list[int] = []

    def mine(count: int) -> range:
        counted.append(count)
        return part.rows(count) or range(1)  # a set that is not empty; nothing is computed of it below

    source = setup.open(images, mine)
    rows = part.rows(counted[0] if counted else source.count)
    if not counted and rows:  # it was opened before
        source = source.part(rows)
    watched = setup.watched(measuring, source)
    done = fill(source, watched.how(source), taps, (measuring.resize,)) if rows else None
    values = {
        "shard": part.number,
        "shards": part.of,
        "images": len(rows),
        "computed": done.computed if done else 0,
        "there": done.there if done else 0,
        **_about(source, measuring, taps),
        **setup.drawn,
    }
    return Result.of(values, done.warnings if done else ())


@numpy_defaults()
def cache_status(
    images: Images, *, metrics: Iterable[str] | str = "fid", **settings: Unpack[PreciseSettings]
) -> Result:
    """How many images of a set have their features in the cache, and which rows have not.

    Keys: `source`, `images`, `there`, `missing`, `missing_rows` (pairs of the first and the last row), `tile` (the
    images of a tile), `folder`, extractor, resize, taps, `version`, `warnings`. Raises InputError.
    """
    setup = Setup.of(settings, PreciseSettings)
    setup.check_there(images)
    measuring = setup.measure()
    taps = taps_for(measuring, load_metrics(metrics))
    source = setup.open(images)
    lacking = missing_rows(
        source, measuring.how(source).engine, [(measuring.resize, tap) for tap in taps], measuring.cache
    )
    missing = sum(map(len, lacking))
    values = {
        "images": source.count,
        "there": source.count - missing,
        "missing": missing,
        "missing_rows": [[rows.start, rows.stop - 1] for rows in lacking],
        "tile": TILE,
        **_about(source, measuring, taps),
        **setup.drawn,
    }
    return Result.of(values, ())


def _about(source: ImageSource, measuring: Measure, taps: tuple[str, ...]) -> dict[str, object]:
    folder = str(measuring.cache.root) if measuring.cache else None
    return {"source": source.name, "folder": folder, **measuring.question, "taps": list(taps)}
