"""Noise whose row i depends on (seed, i) only: Philox, a counter-based generator (Salmon et al. 2011).

Row i owns the counters [i b, (i + 1) b) of the stream with key `seed`, b being the blocks of four 64-bit words that
one row needs, so that any range of rows is made at once, in any batch size, in any order. Normal numbers are the
inverse of the normal distribution function at (k + 1/2) / 2^52, k being the upper 52 bits of a word.

Labels are drawn in the same way from a stream of their own, whose key differs in its upper word: row i has one label,
whatever the length of its noise. They are drawn and not dealt out in turn, because a set with as many images of each
class is more even than independent draws are, and what corrects a distance for few images takes them for independent.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reference_models.errors import ModelError

LABELS = 1 << 64  # added to the key: the stream of the labels


@dataclass(frozen=True)
class Noise:
    """Rows start..stop of the endless table of noise with this seed."""

    seed: int
    start: int
    stop: int

    def __post_init__(self) -> None:
        if not (0 <= self.seed < 2**64 and 0 <= self.start <= self.stop):
            raise ModelError(f"{self} is not a range of rows; 0 <= start <= stop and 0 <= seed < 2**64 are needed")

    def uniform(self, dim: int) -> Tensor:
        """float64 [stop - start, dim], uniform in (0, 1); never 0 and never 1."""
        blocks = -(-dim // 4)
        stream = np.random.Philox(key=self.seed, counter=self.start * blocks)
        words = stream.random_raw((self.stop - self.start) * blocks * 4).reshape(-1, blocks * 4)[:, :dim]
        return torch.from_numpy(((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)

    def labels(self, classes: int) -> np.ndarray:
        """int64 [stop - start], each of the classes 0 to `classes` - 1 equally likely, independent of the noise."""
        stream = np.random.Philox(key=LABELS + self.seed, counter=self.start)
        words = stream.random_raw((self.stop - self.start) * 4)[::4]
        return ((words >> np.uint64(12)).astype(np.float64) * 2.0**-52 * classes).astype(np.int64)

    def normal(self, dim: int) -> Tensor:
        """float32 [stop - start, dim], standard normal."""
        return torch.special.ndtri(self.uniform(dim)).to(torch.float32)

    def truncated(self, dim: int, bound: float) -> Tensor:
        """float32 [stop - start, dim], standard normal within [-bound, bound]; ModelError for bound <= 0.

        The distribution of drawing again what falls outside (the truncation trick of Brock et al. 2019, section 3.1),
        by the inverse of its distribution function, so that the same row stays the same point, moved inwards; with an
        infinite bound it is `normal`, bit for bit.
        """
        if not bound > 0:
            raise ModelError(f"noise truncated at {bound}; expected a bound above 0, such as 0.5, or inf for none")
        outside = torch.special.ndtr(torch.tensor(-bound, dtype=torch.float64, device="cpu"))
        drawn = torch.special.ndtri(outside + self.uniform(dim) * (1 - 2 * outside))
        return drawn.clamp(-bound, bound).to(torch.float32)
