"""Which images move the FID most."""

from typing import Any

import numpy as np

from bench.measuring.sets import MeasuredSet
from metrics.fid import influence


def most_influential(a: MeasuredSet, b: MeasuredSet, number: int) -> list[dict[str, Any]]:
    """The images of both sets that move the FID most: set, image, and by how much it raises the FID."""
    moves = np.concatenate(influence(a.features(), b.features()))
    rows = [("a", key) for key in a.keys] + [("b", key) for key in b.keys]
    order = np.argsort(-np.abs(moves), kind="stable")[:number]
    return [{"set": rows[i][0], "image": rows[i][1], "influence": float(moves[i])} for i in order]
