"""Pseudo-random numbers that depend on (seed, index) only: the same on every machine, batch size and numpy version.

The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) over a counter. Integers only, so that a permutation
or a drawn image can be published; numpy's generators promise no stable stream between versions.
"""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hashed(seed: int, indices: np.ndarray) -> np.ndarray:
    """Well mixed uint64 of the shape of `indices`, one per (seed, index)."""
    stream = _mix(np.full(1, seed, np.uint64) + GOLDEN)
    return _mix(np.asarray(indices).astype(np.uint64) * GOLDEN + stream)


def uniforms(seed: int, indices: np.ndarray, columns: int) -> np.ndarray:
    """float64 [n, columns] in [0, 1): row i depends on (seed, indices[i]) only."""
    rows = hashed(seed, indices)[:, None]
    bits = _mix(rows + GOLDEN * np.arange(1, columns + 1, dtype=np.uint64))
    return (bits >> np.uint64(11)) * 2.0**-53


def permutation(seed: int, count: int) -> np.ndarray:
    """A fixed order of range(count): int64 [count]."""
    return np.argsort(hashed(seed, np.arange(count)), kind="stable")


def _mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
