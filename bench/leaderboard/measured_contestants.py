"""Folders of images as sides of a comparison: measured by the rules of a track, which is opened once."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from bench.leaderboard.contestants import Side
from bench.leaderboard.influence import influences, rows_of
from bench.leaderboard.open_tracks import OpenTrack, measure_of, numbers, open_track
from bench.leaderboard.tracks import find_track
from bench.measuring.evaluation import measured
from bench.options import Progress
from bench.sources import ImageSource, iterate, open_source
from metrics.errors import InputError


def measured_by(track: str | None, root: Path | None, report: Progress | None, **how: Any) -> Callable[[Path], Side]:
    """A function that measures a set of images by the rules of the track; keywords as
    `bench.measuring.measure.measure`.

    It raises InputError where no track is named, and for images of another number or size than the track asks for.
    """

    @cache
    def opened() -> OpenTrack:
        if track is None:
            raise InputError("images are measured by the rules of a track; name it with --track (`bench tracks`)")
        found = find_track(track)
        return open_track(found, measure_of(found, **how), root, report)

    def measure(path: Path) -> Side:
        rules = opened().rules
        source = replace(open_source(path), name=str(path))
        _check(source, rules.protocol.generated[0], rules.protocol.shape)
        made = measured(opened().evaluation, source, report)
        scores = numbers(opened().scores_against_real_1(made))
        metrics = rows_of(rules.protocol)
        moves = influences(metrics, opened().features(opened().real_1), opened().features(made))
        return Side(str(path), rules.protocol, rules, {"": scores}, moves)

    return measure


def _check(source: ImageSource, count: int, shape: tuple[int, int, int]) -> None:
    if source.count != count:
        raise InputError(f"{source.name} holds {source.count} images; the track compares {count}; give that many")
    height, width = shape[1:]
    for batch in iterate(source):
        for image in batch:
            if image.shape[1:] != (height, width):
                found = f"{image.shape[2]}x{image.shape[1]}"
                raise InputError(f"{source.name} has an image of {found}; the track has {width}x{height}; resize it")
