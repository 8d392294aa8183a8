"""What bfloat16 does to features and to the FID of somebody's own images, measured on some of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.measuring.measure import Measure
from bench.sources import ImageSource
from metrics import fid

SAMPLE = 50  # images of each set, evenly spread


def about_bfloat16(measure: Measure, sources: Sequence[ImageSource]) -> str:
    """By how much the features of some images of these sets differ from those in float32, and the FID between them."""
    exact = measure.extractor.exact
    assert exact, "an extractor in bfloat16"
    tap, ways = measure.extractor.pool, (measure, replace(measure, extractor=exact))
    parts = [one.taken(_spread(one.count)) for one in sources]
    low, full = (
        [replace(way, progress=None).features(part, (tap,)).arrays[tap].astype(np.float64) for part in parts]
        for way in ways
    )
    if not parts:
        return "what bfloat16 does to the features is not known: no images are here"
    of_low, of_full = np.concatenate(low), np.concatenate(full)
    moved = float(np.linalg.norm(of_low - of_full) / np.linalg.norm(of_full))
    said = f"bfloat16 moves the features of {len(of_low)} of these images by {_percent(moved)}"
    if len(parts) < 2 or min(map(len, low)) < fid.LEAST:
        return said
    one, other = (fid.compute(*sides)["fid"] for sides in (low, full))
    return f"{said}, and the FID between them by {_percent((one - other) / other)} ({one:.6g}, in float32 {other:.6g})"


def _spread(count: int) -> list[int]:
    return sorted({round(row) for row in np.linspace(0, count - 1, min(count, SAMPLE)).tolist()})


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
