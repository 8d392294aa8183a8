"""What bfloat16 does to features and to the FID of somebody's own images, measured on some of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.measuring.measure import Measure
from bench.measuring.sets import MeasuredSet
from metrics import fid

SAMPLE = 50  # images of each set, evenly spread


def about_bfloat16(measure: Measure, sets: Sequence[MeasuredSet]) -> str:
    """By how much the features of some images of these sets differ from those in float32, and the FID between them."""
    exact = measure.extractor.exact
    assert exact, "an extractor in bfloat16"
    if not sets:
        return "what bfloat16 does to the features is not known: no images are here"
    low = [_features(one, measure) for one in sets]
    full = [_computed(one, replace(measure, extractor=exact)) for one in sets]
    of_low, of_full = np.concatenate(low), np.concatenate(full)
    moved = float(np.linalg.norm(of_low - of_full) / np.linalg.norm(of_full))
    said = f"bfloat16 moves the features of {len(of_low)} of these images by {_percent(moved)}"
    if len(sets) < 2 or min(map(len, low)) < fid.LEAST:
        return said
    one, other = (fid.compute(*sides)["fid"] for sides in (low, full))
    return f"{said}, and the FID between them by {_percent((one - other) / other)} ({one:.6g}, in float32 {other:.6g})"


def _features(one: MeasuredSet, measure: Measure) -> np.ndarray:
    """Of some images of a set, float64: those that it has already, else computed."""
    if "pool" not in one.arrays:
        return _computed(one, measure)
    return one.arrays["pool"][_spread(len(one.arrays["pool"]))].astype(np.float64)


def _computed(one: MeasuredSet, measure: Measure) -> np.ndarray:
    assert one.source, "a set that was measured here"
    tap, part = measure.extractor.pool, one.source.taken(_spread(one.source.count))
    return replace(measure, progress=None).features(part, (tap,)).arrays[tap].astype(np.float64)


def _spread(count: int) -> list[int]:
    return sorted({round(row) for row in np.linspace(0, count - 1, min(count, SAMPLE)).tolist()})


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
