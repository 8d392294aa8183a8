"""The usual order of a board: how far an entry is on the way from real images to noise, by its KID and its Inception
Score.

Each of the two says it on a scale of its own, where 0 is like real images and 1 like the landmark noise:

- the KID k by g(k) / g(k of noise), with g(k) = k / sqrt(|k| + c) and c the half width of real 2's 95 % interval. The
  KID is a square: a set of which a share p is noise has p^2 of noise's KID, and so p on this scale. Near 0, where
  chance makes it negative, g is straight;
- the Inception Score s by log(s of real 2 / s) / log(s of real 2 / s of noise): what an image tells less of its class.

The way is the mean of both. The FID sees missing classes, but hardly any image that is half one digit and half another;
the Inception Score sees these, and the KID sees shapes that are like no image. benchmarks/ladders.py and
docs/leaderboard.md show what this was chosen by.

Its interval is made of theirs by the delta method. How each real image moves an entry's KID is stored, so that a
difference of two entries is paired. How the generated images move both numbers at once is not stored: their standard
errors are added, as if both always erred together, which is never too narrow.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.leaderboard.differences import Estimate, estimate
from bench.measuring.declared import declared
from bench.measuring.evaluation import NOISE, REAL_2
from bench.storage.records import Numbers
from bench.tables.columns import Number
from metrics.arithmetic.quantiles import Z95
from metrics.types import Interval, Metric, Output

NAME, KEY = "way-to-noise", "way_to_noise"
LOW, HIGH, SE = (f"{KEY}_{word}" for word in ("low", "high", "se"))
PARTS = (("kid", "kid"), ("inception-score", "inception_score_corrected"))
Scores = Mapping[str, Numbers]
Landmarks = Mapping[str, Scores]


@dataclass(frozen=True)
class Scale:
    """Where a value of a number stands on the way, and how fast it goes there: above 0 where more is worse."""

    number: Number
    place: Callable[[float], float]
    slope: Callable[[float], float]


def scales(landmarks: Landmarks, parts: Sequence[tuple[str, str]] = PARTS) -> list[Scale]:
    """The scale of each number (metric, key), from real 2 and noise of a track; [] where that lacks one of them."""
    found = [_scale(*part, landmarks) for part in parts]
    return [one for one in found if one] if all(found) else []


def _scale(name: str, key: str, landmarks: Landmarks) -> Scale | None:
    metric = declared(name)
    of_real, of_noise = (landmarks.get(one, {}).get(name, {}) for one in (REAL_2, NOISE))
    real, noise = of_real.get(key), of_noise.get(key)
    if metric is None or real is None or noise is None:
        return None
    number = Number(metric, metric.output(key))
    if number.output.better == "higher":
        return _logarithm(number, real, noise)
    at = number.output.interval
    low, high = (of_real.get(end) for end in (at.low, at.high)) if at else (None, None)
    return None if low is None or high is None else _root(number, (high - low) / 2, noise)


def _root(number: Number, soft: float, noise: float) -> Scale | None:
    """Of a squared distance, straight below `soft`."""
    if soft <= 0 or noise <= 0:
        return None
    whole = noise / math.sqrt(noise + soft)
    return Scale(
        number,
        place=lambda value: value / math.sqrt(abs(value) + soft) / whole,
        slope=lambda value: (abs(value) / 2 + soft) / (abs(value) + soft) ** 1.5 / whole,
    )


def _logarithm(number: Number, real: float, noise: float) -> Scale | None:
    """Of a score from 1 on that real images have more of."""
    if not 0 < noise < real:
        return None
    whole = math.log(real / noise)
    return Scale(
        number,
        place=lambda value: math.log(real / max(value, 1.0)) / whole,
        slope=lambda value: -1 / (max(value, 1.0) * whole),
    )


# ----- of an entry


def way(scores: Scores, landmarks: Landmarks, by: Sequence[tuple[str, str]] = PARTS) -> Numbers:
    """The way of scores under KEY, with its interval and standard error from the scores alone; None where one of the
    numbers is missing."""
    parts = _parts(scores, scales(landmarks, by))
    if not parts:
        return dict.fromkeys((KEY, LOW, HIGH, SE))
    value = sum(scale.place(one.value) for scale, one in parts) / len(parts)
    se = sum(abs(scale.slope(one.value)) * math.sqrt(one.variance) for scale, one in parts) / len(parts)
    rooms = [_room(one, scale.slope(one.value)) for scale, one in parts]
    down, up = (sum(side) / len(parts) for side in zip(*rooms, strict=True))
    return {KEY: value, LOW: value - down - Z95 * se, HIGH: value + up + Z95 * se, SE: se}


def way_row(scores: Scores, landmarks: Landmarks, kept: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """What an entry keeps of its influences (a row for each metric, by name), for its way: a row of the same kind; None
    where it keeps none."""
    moves, own = np.zeros(1), 0.0
    parts = _parts(scores, scales(landmarks), kept)
    for scale, one in parts:
        slope = scale.slope(one.value)
        rest = one.variance if one.influence is None else one.rest
        moves = moves if one.influence is None else moves + slope * one.influence
        own += abs(slope) * math.sqrt(rest)
    if len(moves) == 1:
        return None
    row: np.ndarray = np.concatenate([[own], moves]) / len(parts)
    return row


def _parts(
    scores: Scores, found: Sequence[Scale], kept: Mapping[str, np.ndarray] | None = None
) -> list[tuple[Scale, Estimate]]:
    """Each scale with the entry's estimate of its number; [] where one is missing."""
    estimates = [estimate(one.number, scores, (kept or {}).get(one.number.metric.name)) for one in found]
    parts = [(scale, one) for scale, one in zip(found, estimates, strict=True) if one is not None]
    return parts if len(parts) == len(found) else []


def _room(one: Estimate, slope: float) -> tuple[float, float]:
    """Room below and above on the way."""
    down, up = (one.down, one.up) if slope > 0 else (one.up, one.down)
    return abs(slope) * down, abs(slope) * up


METRIC = Metric(
    name=NAME,
    title="Way to noise",
    source="bench.leaderboard.way: the numbers of an entry on their way from real 2 to noise",
    feature="pool",
    arity="pair",
    outputs=(
        Output(
            *(KEY, "Way to noise", "lower"),
            says="how far it is from real images (0) to noise (1), by KID and Inception Score",
            interval=Interval(LOW, HIGH, SE, even=False),
            shown="page",
        ),
    ),
    compute=way,
)
