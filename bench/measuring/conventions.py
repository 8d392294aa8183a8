"""One FID as several tools print it: the same images and weights, each tool's resize, scaling and arithmetic.

Every image is decoded once and goes through the network once for each resize. The trace of the root is exact here; a
tool that takes a matrix square root agrees with it where both sets have more images than features, and says something
else in the last digits, or nothing at all, where they have not (`as_printed`). How a tool decodes is not repeated: all
of them drop the alpha channel, which is composited on white here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.measuring.comparing import Comparison
from bench.measuring.sets import MeasuredSet
from bench.measuring.tools import SQRTM, TOOLS, Tool
from metrics.arithmetic.frechet import Parts, feature_parts, gaussian_parts

SINGULAR = "no more images than features: the last digits that these tools print are rounding, and they may stop"
NO_FILE = "reads no such file of statistics; give the images"
OWN_SCALE = "the network's"
OTHER_NETWORK = (
    "these tools use Inception: the conventions are what their resize and arithmetic make of this network's features"
)


@dataclass(frozen=True)
class _Side:
    """One set as a tool takes it: its first `rows` features, or its statistics where it has no features."""

    measured: MeasuredSet
    of_file: bool
    rows: int

    @classmethod
    def of(cls, tool: Tool, known: MeasuredSet | None, resized: Mapping[str, MeasuredSet], own: str) -> "_Side | None":
        """None where the set is a file of statistics that says nothing of this tool's resize."""
        if known and (tool.reads_statistics or (not resized and tool.resize == own)):
            return cls(known, True, known.count or 0)
        if tool.resize not in resized:
            return None
        measured = resized[tool.resize]
        count = len(measured.features())
        return cls(measured, False, count - count % tool.batch if 0 < tool.batch < count else count)

    @property
    def features(self) -> np.ndarray | None:
        return None if self.of_file else self.measured.features()[: self.rows]

    def mean(self, single: bool) -> np.ndarray:
        features = self.features
        if features is None:
            return self.measured.statistics["pool"]().mean
        return np.asarray(np.mean(features, axis=0, dtype=np.float32 if single else np.float64))

    def shrunk(self, tool: Tool) -> float:
        """What the divisor n - `ddof` makes of a covariance over n - 1."""
        return 1.0 if tool.ddof or not self.rows else (self.rows - 1) / self.rows


def conventions(opened: Comparison) -> list[dict[str, Any]]:
    """A row for each tool whose resize the extractor has: its FID (None where it has none), how far that is from the
    first one's, what it does in words, and whether it prints this value to about six digits."""
    measuring = opened.measuring
    assert measuring is not None, "images are measured"
    made: dict[Any, Parts] = {}
    rows: list[dict[str, Any]] = []
    for tool in TOOLS:
        if tool.resize not in measuring.extractor.resize:
            continue
        found = [
            _Side.of(tool, known, resized, measuring.resize)
            for known, resized in zip(opened.known, opened.resized, strict=True)
        ]
        sides = [side for side in found if side]
        value = _value(tool, sides, made) if len(sides) == len(found) else None
        rows.append({"tool": tool.name, "fid": value, **_words(tool, sides, measuring.extractor.is_inception)})
    first = next((row["fid"] for row in rows if row["fid"] is not None), None)
    apart = (None if row["fid"] is None else row["fid"] - first for row in rows)
    return [{**row, "difference": one} for row, one in zip(rows, apart, strict=True)]


def about_conventions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What belongs beside these rows."""
    found = [row for row in rows if row["fid"] is not None]
    inexact = [row["tool"] for row in found if not row["as_printed"]]
    said = [f"{SINGULAR}: {', '.join(inexact)}"] if inexact else []
    return [*said, *([OTHER_NETWORK] if any(row["scaling"] == OWN_SCALE for row in rows) else [])]


def _value(tool: Tool, sides: list[_Side], made: dict[Any, Parts]) -> float:
    a, b = sides
    if (a, b) not in made:
        made[a, b] = _parts(a, b)
    parts = made[a, b]
    step = a.mean(tool.single_mean) - b.mean(tool.single_mean)
    of_a, of_b = a.shrunk(tool), b.shrunk(tool)
    covariances = parts.trace_a * of_a + parts.trace_b * of_b - 2 * parts.common * np.sqrt(of_a * of_b)
    value = float(step @ step) + max(float(covariances), 0.0)
    return float(np.float32(value)) if tool.single_result else value


def _parts(a: _Side, b: _Side) -> Parts:
    one, other = a.features, b.features
    if one is not None and other is not None:
        return feature_parts(one, other)
    return gaussian_parts(*(side.measured.statistics["pool"]() for side in (a, b)))


def _words(tool: Tool, sides: list[_Side], inception: bool) -> dict[str, Any]:
    few = any(0 < side.rows <= side.measured.dims() for side in sides)
    notes = [tool.note] if tool.note else []
    if len(sides) < 2:
        notes = [NO_FILE]
    notes += [f"takes the statistics in {side.measured.name}" for side in sides if side.of_file]
    precision = "means in float32" if tool.single_mean else "result in float32" if tool.single_result else "float64"
    return {
        "resize": tool.resize,
        "interpolation": tool.resized,
        "antialias": tool.antialias,
        "rounding": "none",
        "scaling": tool.scaling if inception else OWN_SCALE,
        "covariance": "n - 1" if tool.ddof else "n",
        "precision": precision,
        "root": tool.root,
        "as_printed": len(sides) == 2 and not (few and tool.root == SQRTM),
        "note": "; ".join(notes),
    }
