"""Fifteen checks on synthetic data, as data: Räisä et al. 2025 (arXiv 2505.22450), without images and weights.

Distributions, dimensions, ranges and criteria are those of the code beside the paper, which draws 1,000 points a side.
Ours are the number of places along each range (11 for its 51, 7 to 21 elsewhere), the sizes, of which the largest is
3,162 for its 10,000, and the places of the modes of `dropping-invention`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.sanity_checks import distributions as of
from bench.sanity_checks.criteria import (
    Criterion,
    Passes,
    Where,
    any_of,
    bell,
    close_to,
    falling,
    falling_by,
    level,
    near_1_or_0,
    rising,
    settled,
)

USUAL_DIMS = (1, 8, 64)
OVERLAP = 0.2  # volume that two cubes share
REAL_MODES = 5  # on the ring

Side = Callable[["Scenario", float, int, of.Draw], np.ndarray]


@dataclass(frozen=True)
class Scenario:
    """A variant of a check: a word and a dimension."""

    word: str
    dims: int

    @property
    def name(self) -> str:
        return f"{self.word}, d = {self.dims}" if self.word else f"d = {self.dims}"


@dataclass(frozen=True)
class Synthetic:
    """One check: where x goes in each scenario, how both sides are drawn at x, where they are equal, and the criteria
    for each word of a scenario."""

    name: str
    along: str
    places: Mapping[Scenario, tuple[float, ...]]
    real: Side
    generated: Side
    equal: float | None
    criteria: Mapping[str, tuple[Criterion, ...]]


# ----- criteria


def _both(passes: Passes) -> dict[str, Passes]:
    return {"fidelity": passes, "variety": passes}


def _scores(*ones: tuple[str, str, dict[str, Passes]]) -> tuple[Criterion, ...]:
    return tuple(Criterion(*one) for one in ones)


def _peak(middle: float, words: tuple[str, str]) -> tuple[Criterion, ...]:
    return _scores(
        ("equal", "bounds", _both(close_to(1, middle))),
        (words[0], "bounds", _both(close_to(0, "min"))),
        (words[1], "bounds", _both(close_to(0, "max"))),
        ("shape", "purpose", _both(bell(middle))),
    )


def _drops(quantile: float) -> tuple[Criterion, ...]:
    return _scores(
        ("equal", "bounds", _both(close_to(1, "min"))),
        ("all dropped", "bounds", {"fidelity": close_to(1, "max")}),
        ("shape", "purpose", {"fidelity": level, "variety": falling_by(quantile)}),
    )


SIZES = _scores(("large", "purpose", _both(close_to(OVERLAP, "max"))))
ENDS = _scores(("left end", "bounds", _both(close_to(0, "min"))), ("right end", "bounds", _both(close_to(0, "max"))))
SHIFT, RADIUS = ("far below", "far above"), ("small", "large")


def _coarse(fidelity: float, variety: Callable[[Where], Passes]) -> tuple[Criterion, ...]:
    ends: tuple[tuple[str, Where], ...] = (("coarse", "min"), ("fine", "max"))
    asks = [(word, "bounds", {"fidelity": close_to(fidelity, end), "variety": variety(end)}) for word, end in ends]
    return _scores(("shape", "purpose", _both(level)), *asks)


# ----- checks


def _dims(places: Mapping[int, np.ndarray], words: tuple[str, ...] = ("",)) -> dict[Scenario, tuple[float, ...]]:
    return {Scenario(word, d): tuple(map(float, x)) for word in words for d, x in places.items()}


def _one(d: int, x: np.ndarray, words: tuple[str, ...] = ("",)) -> dict[Scenario, tuple[float, ...]]:
    return _dims({d: x}, words)


MEANS = {d: np.linspace(-far, far, 11) for d, far in ((1, 6), (8, 3), (64, 1))}
SDS = {d: np.logspace(-far, far, 11) for d, far in ((1, 3), (8, 1), (64, 0.5))}
COUNTS = np.array([0.1, 0.316, 1.0, 3.162])  # of n


def _standard(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
    return of.gaussian(n, s.dims, draw)


def _shifted(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
    return of.gaussian(n, s.dims, draw, mean=x)


def _outlier(side: str, usual: Side) -> Side:
    """One point where the generated ones go at most."""

    def drawn(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
        rows = usual(s, x, n, draw)
        return np.vstack([rows, np.full((1, s.dims), MEANS[s.dims].max())]) if s.word.startswith(side) else rows

    return drawn


def _every_mode(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
    return of.diagonal(n, s.dims, draw, np.ones(of.MODES))


def _simultaneous(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
    return of.diagonal(n, s.dims, draw, np.array([1.0] + [1 - x] * (of.MODES - 1)))


def _sequential(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
    return of.diagonal(n, s.dims, draw, (np.arange(of.MODES) < of.MODES - x).astype(float))


def _cubes(s: Scenario, n: int, draw: of.Draw) -> np.ndarray:
    return of.cube(n, s.dims, draw, 1 - OVERLAP ** (1 / s.dims))


def _solid(s: Scenario, n: int, draw: of.Draw, real: bool) -> np.ndarray:
    sphere = (s.word == "real sphere") == real
    return of.ball(n, 3, draw, of.SPHERE) if sphere else of.torus(n, draw)


def _scaled(mean: float) -> Side:
    return lambda s, x, n, draw: of.gaussian(n, 2, draw) * (1, x) + (mean, 0)


def _far_in_one(mean: float) -> Side:
    def drawn(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
        rows = of.gaussian(n, int(x) + 1, draw)
        rows[:, 0] += mean
        return rows

    return drawn


def _rounded(word: str) -> Side:
    def drawn(s: Scenario, x: float, n: int, draw: of.Draw) -> np.ndarray:
        rows = x * of.gaussian(n, 1, draw)
        return np.rint(rows) if s.word == word else rows

    return drawn


SYNTHETIC = (
    Synthetic("mean-difference", "mean", _dims(MEANS), _standard, _shifted, 0, {"": _peak(0, SHIFT)}),
    Synthetic(
        *("mean-difference-outlier", "mean", _dims(MEANS, ("outlier in real", "outlier in generated"))),
        *(_outlier("outlier in real", _standard), _outlier("outlier in generated", _shifted), 0),
        {"outlier in real": _peak(0, SHIFT), "outlier in generated": _peak(0, SHIFT)},
    ),
    Synthetic(
        *("deviation-difference", "standard deviation", _dims(SDS), _standard),
        lambda s, x, n, draw: of.gaussian(n, s.dims, draw, sd=x),
        1,
        {
            "": _scores(
                ("equal", "bounds", _both(close_to(1, 1))),
                ("narrow", "bounds", {"fidelity": close_to(1, "min"), "variety": close_to(0, "min")}),
                ("wide", "bounds", {"fidelity": close_to(0, "max"), "variety": near_1_or_0("max")}),
                ("shape", "purpose", {"fidelity": falling, "variety": any_of(bell(1), rising)}),
            )
        },
    ),
    Synthetic(
        "simultaneous-dropping",
        "share dropped",
        _dims(dict.fromkeys(USUAL_DIMS, np.linspace(0, 1, 21))),
        _every_mode,
        _simultaneous,
        0,
        {"": _drops(0.95)},
    ),
    Synthetic(
        "sequential-dropping",
        "modes dropped",
        _dims(dict.fromkeys(USUAL_DIMS, np.arange(of.MODES))),
        _every_mode,
        _sequential,
        0,
        {"": _drops(0.5)},
    ),
    Synthetic(
        *("dropping-invention", "modes generated", _one(2, np.arange(1, of.MODES + 1))),
        lambda s, x, n, draw: of.ring(n, draw, REAL_MODES),
        lambda s, x, n, draw: of.ring(n, draw, int(x)),
        REAL_MODES,
        {
            "": _scores(
                ("equal", "bounds", _both(close_to(1, REAL_MODES))),
                ("most dropped", "bounds", {"fidelity": close_to(1, "min")}),
                ("most invented", "bounds", {"variety": close_to(1, "max")}),
                ("shape", "purpose", {"fidelity": falling, "variety": rising}),
            )
        },
    ),
    Synthetic(
        *("sphere-surface", "radius", _dims(dict.fromkeys((2, 16, 128), np.linspace(0.1, 1.9, 11)))),
        lambda s, x, n, draw: of.surface(n, s.dims, draw, 1.0),
        lambda s, x, n, draw: of.surface(n, s.dims, draw, x),
        1,
        {"": _peak(1, RADIUS)},
    ),
    Synthetic(
        *("cubes-both-sizes", "n of both", _dims(dict.fromkeys(USUAL_DIMS, COUNTS))),
        lambda s, x, n, draw: of.cube(int(x * n), s.dims, draw),
        lambda s, x, n, draw: _cubes(s, int(x * n), draw),
        None,
        {"": (*_scores(("shape", "data", _both(settled))), *SIZES)},
    ),
    Synthetic(
        *("cubes-generated-sizes", "n of generated", _dims(dict.fromkeys(USUAL_DIMS, COUNTS))),
        lambda s, x, n, draw: of.cube(n, s.dims, draw),
        lambda s, x, n, draw: _cubes(s, int(x * n), draw),
        None,
        {"": (*_scores(("shape", "hyperparameters", _both(settled))), *SIZES)},
    ),
    Synthetic(
        *("sphere-torus", "n of generated", _one(3, COUNTS, ("real sphere", "real torus"))),
        lambda s, x, n, draw: _solid(s, n, draw, real=True),
        lambda s, x, n, draw: _solid(s, int(x * n), draw, real=False),
        None,
        dict.fromkeys(("real sphere", "real torus"), (*_scores(("shape", "purpose", _both(settled))), *ENDS[1:])),
    ),
    Synthetic(
        *("one-or-two-modes", "distance of modes", _dims(dict.fromkeys(USUAL_DIMS, np.linspace(0, 5, 11)))),
        lambda s, x, n, draw: of.two_modes(n, s.dims, draw, x),
        lambda s, x, n, draw: of.gaussian(n, s.dims, draw, sd=float(np.hypot(1, x))),
        0,
        {
            "": _scores(
                ("shape", "purpose", {"fidelity": falling, "variety": any_of(falling, level)}),
                ("equal", "bounds", _both(close_to(1, "min"))),
            )
        },
    ),
    Synthetic(
        *("scaled-dimension", "scale", _one(2, np.logspace(-3, 3, 11)), _scaled(0), _scaled(6), None),
        {"": (*_scores(("shape", "transformations", _both(level))), *ENDS)},
    ),
    Synthetic(
        *("mean-difference-pareto", "mean", _one(2, MEANS[1])),
        lambda s, x, n, draw: of.with_pareto(n, draw, 0.0),
        lambda s, x, n, draw: of.with_pareto(n, draw, x),
        0,
        {"": _peak(0, SHIFT)},
    ),
    Synthetic(
        *("one-dimension-apart", "other dimensions", _one(1, np.array([1, 3, 10, 32, 100, 316, 1000]))),
        *(_far_in_one(0), _far_in_one(6), None),
        {"": (*_scores(("shape", "purpose", _both(level))), *ENDS)},
    ),
    Synthetic(
        *("rounded", "scale", _one(1, np.logspace(0, 3, 8), ("real rounded", "generated rounded"))),
        *(_rounded("real rounded"), _rounded("generated rounded"), None),
        {"real rounded": _coarse(0, near_1_or_0), "generated rounded": _coarse(1, lambda end: close_to(0, end))},
    ),
)
