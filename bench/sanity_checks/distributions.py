"""Distributions whose difference is known: draws [n, d] of Gaussians, mixtures, cubes, spheres and a torus.

They are those of the code beside Räisä et al. 2025 (arXiv 2505.22450); `ring` has modes at places of our own.
"""

import numpy as np

MODES = 10  # of a mixture on the diagonal
MODE_SD = {1: 1 / 6, 8: 1 / 3, 64: 1.0}  # by dimension
TUBE = 0.1  # radius of the torus, about a circle of radius 1
SPHERE = 0.8  # radius of the sphere that fits into it

Draw = np.random.RandomState


def gaussian(n: int, d: int, draw: Draw, mean: float = 0.0, sd: float = 1.0) -> np.ndarray:
    """Independent normal numbers."""
    return draw.normal(mean, sd, (n, d))


def diagonal(n: int, d: int, draw: Draw, weights: np.ndarray) -> np.ndarray:
    """A mixture of Gaussians with centres on the diagonal from 0 to 10."""
    centres = np.linspace(0, 10, MODES)[draw.choice(MODES, n, p=weights / weights.sum())]
    return draw.normal(centres[:, None], MODE_SD[d], (n, d))


def ring(n: int, draw: Draw, modes: int) -> np.ndarray:
    """The first modes of ten small Gaussians on a circle of radius 20."""
    angles = 2 * np.pi * draw.randint(modes, size=n) / MODES
    return draw.normal(20 * np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.25)


def two_modes(n: int, d: int, draw: Draw, apart: float) -> np.ndarray:
    """Two Gaussians, this far apart in every coordinate."""
    return draw.normal(apart * (draw.randint(2, size=(n, 1)) - 0.5), 1.0, (n, d))


def surface(n: int, d: int, draw: Draw, radius: float) -> np.ndarray:
    """Evenly on a sphere."""
    directions = draw.normal(size=(n, d))
    return radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)


def cube(n: int, d: int, draw: Draw, start: float = 0.0) -> np.ndarray:
    """Evenly in a cube of side 1."""
    return draw.uniform(start, start + 1, (n, d))


def ball(n: int, d: int, draw: Draw, radius: float) -> np.ndarray:
    """Evenly in a ball."""
    return surface(n, d, draw, 1.0) * radius * draw.random_sample((n, 1)) ** (1 / d)


def torus(n: int, draw: Draw) -> np.ndarray:
    """A disc turned about an axis; the disc is filled evenly, as in that code."""
    disc, turn = ball(n, 2, draw, TUBE), draw.uniform(0, 2 * np.pi, n)
    out = 1 + disc[:, 0]
    return np.stack([out * np.cos(turn), out * np.sin(turn), disc[:, 1]], axis=1)


def with_pareto(n: int, draw: Draw, mean: float) -> np.ndarray:
    """A Gaussian beside a coordinate with a tail so heavy that it has no variance."""
    return np.stack([draw.normal(mean, 1.0, n), 1 + draw.pareto(1.01, n)], axis=1)
