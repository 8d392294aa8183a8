"""What an entry keeps so that two entries can be compared in pairs, without any image.

Both are measured against the same real 1. If these images happen to lie far from what both generate, both distances
come out large, and their difference knows nothing of it. With u_i how much real image i raises the distance of the
first entry (its influence), v_i the same of the second, and s, t the variances that the generated images bring,

    var(difference) = sum_i (u_i - v_i)^2 + s + t

where the sum of both variances would count real 1 twice. One small array holds it, float32 [2, 1 + images of real 1]:
a row for the FID (`metrics.fid.influence`; the corrected FID has the same first order) and one for the KID
(`metrics.kid.influence`), each with the square root of s first and then the influences. How well the standard error of
a difference agrees with its spread over repetitions: docs/leaderboard.md.
"""

from pathlib import Path

import numpy as np

from bench.measuring.scoring import threads_for
from bench.storage.array_files import read_array
from metrics import fid, kid
from metrics.errors import InputError

ROWS = ("fid", "kid")
MOST_BYTES = 2**26  # of 8 million real images


def influences(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """The array of an entry, float32 [2, 1 + n], from features of real 1 [n, d] and of its images [m, d].

    Raises InputError as `metrics.fid.compute`.
    """
    with threads_for(real, generated):
        of_real, of_generated = fid.influence(real, generated)
        of_kid, variance = kid.influence(real, generated)
    own = np.array([[np.linalg.norm(of_generated)], [np.sqrt(variance)]])
    return np.concatenate([own, np.stack([of_real, of_kid])], axis=1).astype(np.float32)


def read_influences(path: Path, count: int) -> np.ndarray:
    """The array of an entry whose real 1 has `count` images, float32 [2, 1 + count].

    InputError where it is missing, damaged, of another shape or not finite.
    """
    array = read_array(path, most=MOST_BYTES, remedy="restore it, or submit the entry again")
    if array.shape != (len(ROWS), 1 + count) or array.dtype != np.dtype("<f4") or not np.isfinite(array).all():
        found = f"{array.dtype} {list(array.shape)}"
        raise InputError(f"{path} holds {found}; expected finite float32 [{len(ROWS)}, {1 + count}]; restore it")
    return array
