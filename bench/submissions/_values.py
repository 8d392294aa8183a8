"""What the scores of an entry can be, and what they cannot: rules that need no image.

Exact rules, broken only by a changed number or a bug: a score lies inside its range and its interval; an interval is as
wide as its standard deviation says; a share is a whole number of images; the FID is the sum of its two terms, and is
what the stored moments give, exactly or within bounds (`bench.leaderboard.moments`).

What is only unlikely is in `bench.leaderboard.doubts`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.leaderboard.moments import Distance
from bench.measuring.copies import CALIBRATION
from bench.storage.records import Numbers

ROUNDING = 1e-6  # of tr S1 + tr S2 and the mean term: of singular covariances the FID is exact to about this
Z95 = 1.959963984540054
WHOLE = 1e-6  # images
UNCOMPUTABLE = (ArithmeticError, np.linalg.LinAlgError)  # of numbers of an absurd size: an overflow, 1 / 0
UNCOMPUTABLE_WORDS = "numbers of a size that nothing can be computed with"

COPIED = {  # what an entry says about copies, and what each number is: a share of the images, any share, a count, free
    "memorisation": {
        "near_duplicates": "images",
        "near_duplicates_expected": "share",
        "near_duplicates_p": "share",
        "authpct": "percent",
        "c_t": "",
        "train_share": "share",  # of images with several nearest ones each has a part
        "train_share_expected": "share",
        "train_share_z": "",
        "train_share_p": "share",
        "held_out_p": "share",
        "n_train": "train",
        "n_generated": "other",
        "n_held_out": "held_out",
    },
    "copies": {
        "exact_copies": "images",
        "exact_copies_expected": "share",
        "near_copies": "images",
        "near_copies_expected": "share",
        "near_copies_p": "share",
        "held_out_copies": "images",
        "duplicates": "images",
    },
}

Scores = Mapping[str, Numbers]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `chance` where it could be so without a fault, though hardly."""

    code: str
    what: str
    chance: bool = False


@dataclass(frozen=True)
class Counts:
    """What the ranges depend on: images of real 1 and of the other set, classes of the extractor (0: no classifier),
    neighbours of precision and recall, training and held-out images among which copies were looked for, and how many of
    the latter at most say what is usual in pixels."""

    real: int
    other: int
    classes: int
    k: int
    train: int
    held_out: int
    calibration: int = CALIBRATION


def possible(scores: Scores, counts: Counts) -> Iterator[Problem]:
    """What cannot be true of the scores of one set."""
    for what in (
        *_fid(scores.get("fid", {}), counts),
        *_inception_score(scores.get("inception-score", {}), counts),
        *_kid(scores.get("kid", {})),
        *_prdc(scores.get("prdc", {}), counts),
        *_copied(scores, counts),
    ):
        yield Problem("value", what)


def fits_moments(scores: Scores, found: Distance) -> Iterator[Problem]:
    """Where the FID is not what the stored moments of both sets give."""
    fid = scores.get("fid", {})
    mean_term, covariance_term = fid.get("mean_term"), fid.get("covariance_term")
    if mean_term is None or covariance_term is None:
        return
    slack = ROUNDING * found.scale
    if abs(mean_term - found.mean_term) > slack:
        yield Problem("fid", f"fid: mean_term is {mean_term:.6g}, the moments give {found.mean_term:.6g}")
    if not found.low - slack <= covariance_term <= found.high + slack:
        given = f"{found.low:.6g}" if found.low == found.high else f"{found.low:.6g} to {found.high:.6g}"
        yield Problem("fid", f"fid: covariance_term is {covariance_term:.6g}, the moments give {given}")


def _fid(fid: Numbers, counts: Counts) -> Iterator[str]:
    plain, mean_term, covariance_term = (fid.get(key) for key in ("fid", "mean_term", "covariance_term"))
    if plain is not None and mean_term is not None and covariance_term is not None:
        if min(mean_term, covariance_term) < 0:
            yield f"fid: a term is below 0 ({min(mean_term, covariance_term):.6g})"
        if abs(plain - mean_term - covariance_term) > 1e-9 * abs(plain):
            yield f"fid: fid is {plain:.9g}, its terms add up to {mean_term + covariance_term:.9g}"
    yield from _interval("fid", fid, "fid_corrected", "fid_low", "fid_high", "fid_sd")
    for key, count in (("n_a", counts.real), ("n_b", counts.other)):
        if key in fid and fid[key] != count:
            yield f"fid: {key} is {fid[key]}, the set has {count} images"


def _inception_score(found: Numbers, counts: Counts) -> Iterator[str]:
    key = "inception_score"
    for name in (key, f"{key}_corrected", f"{key}_low", f"{key}_high"):
        value = found.get(name)
        if value is not None and not 1 - 1e-9 <= value <= counts.classes * (1 + 1e-9):
            yield f"inception-score: {name} is {value:.6g}; it must be in [1, {counts.classes}], the number of classes"
    for name in (f"{key}_sd", f"{key}_se"):
        value = found.get(name)
        if value is not None and value < 0:
            yield f"inception-score: {name} is {value:.6g}; it is at least 0"
    low, value, high = (found.get(f"{key}_{word}") for word in ("low", "corrected", "high"))
    if low is not None and value is not None and high is not None and not low <= value <= high:
        yield f"inception-score: {value:.6g} is outside of its interval {low:.6g} to {high:.6g}"


def _kid(found: Numbers) -> Iterator[str]:
    yield from _interval("kid", found, "kid", "kid_low", "kid_high", "kid_sd")
    sd, value, high = found.get("kid_sd"), found.get("kid"), found.get("kid_high")
    if sd is not None and value is not None and high is not None and high - value > Z95 * sd + 1e-9 * abs(high):
        yield f"kid: the interval is wider than 1.96 times its standard deviation {sd:.6g}"


def _prdc(found: Numbers, counts: Counts) -> Iterator[str]:
    """Precision is a share of the generated images, recall and coverage of the real ones; density counts balls."""
    for key, count in {"precision": counts.other, "recall": counts.real, "coverage": counts.real}.items():
        yield from _share("prdc", key, found.get(key), count)
    density, balls = found.get("density"), counts.k * counts.other
    if density is not None:
        if not 0 <= density <= counts.real / counts.k:
            yield f"prdc: density is {density:.6g}; it must be in [0, {counts.real / counts.k:.6g}]"
        elif abs(density * balls - round(density * balls)) > WHOLE:
            yield f"prdc: density is {density:.9g}; it is not a whole number of balls over {balls}"


def _copied(scores: Scores, counts: Counts) -> Iterator[str]:
    for metric, kinds in COPIED.items():
        for key, kind in kinds.items():
            value = scores.get(metric, {}).get(key)
            if kind in ("images", "percent"):
                share = None if value is None else value / (100 if kind == "percent" else 1)
                yield from _share(metric, key, share, counts.other)
            elif kind == "share":
                yield from _share(metric, key, value, 0)
            elif kind and value is not None and value != getattr(counts, kind):
                yield f"{metric}: {key} is {value}, the set has {getattr(counts, kind)} images"


def _share(metric: str, key: str, value: float | None, count: int) -> Iterator[str]:
    """A share of `count` images; of 0 any share."""
    if value is not None and not 0 <= value <= 1:
        yield f"{metric}: {key} is {value:.6g}; it is a share, in [0, 1]"
    elif value is not None and count and abs(value * count - round(value * count)) > WHOLE:
        yield f"{metric}: {key} is {value:.9g}; it is not a whole number of {count} images"


def _interval(metric: str, found: Numbers, key: str, low_key: str, high_key: str, sd_key: str) -> Iterator[str]:
    """An interval that reaches as far down as up, at least 1.96 standard deviations."""
    value, low, high, sd = (found.get(name) for name in (key, low_key, high_key, sd_key))
    if value is None or low is None or high is None or sd is None:
        return
    slack = 1e-9 * max(abs(low), abs(high), abs(value))
    if sd < 0:
        yield f"{metric}: {sd_key} is {sd:.6g}; it is at least 0"
    elif not low <= value <= high:
        yield f"{metric}: {key} {value:.6g} is outside of its interval {low:.6g} to {high:.6g}"
    elif abs((high - value) - (value - low)) > slack:
        yield f"{metric}: {key} {value:.9g} is not the middle of its interval {low:.9g} to {high:.9g}"
    elif high - value < Z95 * sd - slack:
        yield f"{metric}: the interval of {key} is narrower than 1.96 times its standard deviation {sd:.6g}"
