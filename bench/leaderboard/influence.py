"""What an entry keeps so that two entries can be compared in pairs, without any image.

Both are measured against the same real 1. If these images happen to lie far from what both generate, both distances
come out large, and their difference knows nothing of it. With u_i how much real image i raises the distance of the
first entry (its influence), v_i the same of the second, and s, t the variances that the generated images bring,

    var(difference) = sum_i (u_i - v_i)^2 + s + t

where the sum of both variances would count real 1 twice. One small array holds it, float32 [k, 1 + images of real 1]:
a row for each metric of the protocol that declares its influence, in the protocol's order, with the square root of s
first and then the influences. How well the standard error of a difference agrees with its spread over repetitions:
docs/leaderboard.md.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.measuring.declared import all_declared
from bench.measuring.scoring import threads_for
from bench.protocol import Protocol
from bench.storage.array_files import read_array
from metrics.errors import InputError
from metrics.types import Metric

MOST_BYTES = 2**26  # of 8 million real images


def rows_of(protocol: Protocol) -> tuple[Metric, ...]:
    """The metrics of a protocol whose influences an entry keeps, a row each."""
    return tuple(one for one in all_declared(choice.name for choice in protocol.metrics) if one.influence)


def influences(metrics: Sequence[Metric], real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """The array of an entry, float32 [k, 1 + n], from features of real 1 [n, d] and of its images [m, d].

    Raises InputError as the metrics' `compute`.
    """
    rows = []
    with threads_for(real, generated):
        for metric in metrics:
            assert metric.influence, "one of `rows_of`"
            moves, own = metric.influence(real, generated)
            rows.append(np.concatenate([[own], moves]))
    return np.stack(rows).astype(np.float32)


def read_influences(path: Path, count: int, rows: int) -> np.ndarray:
    """The array of an entry of so many rows whose real 1 has `count` images, float32 [rows, 1 + count].

    InputError where it is missing, damaged, of another shape or not finite.
    """
    array = read_array(path, most=MOST_BYTES, remedy="restore it, or submit the entry again")
    if array.shape != (rows, 1 + count) or array.dtype != np.dtype("<f4") or not np.isfinite(array).all():
        found = f"{array.dtype} {list(array.shape)}"
        raise InputError(f"{path} holds {found}; expected finite float32 [{rows}, {1 + count}]; restore it")
    return array
