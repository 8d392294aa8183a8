"""The value that stands for a set of images, wherever it comes from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True)
class ImageSource:
    """A set of images in a fixed order.

    `read(index)` decodes one image to uint8 [3, h, w]; it may be called from several threads and always returns the
    same rows. `read_range(start, stop)` is there where the images lie in one array: uint8 [b, 3, h, w];
    `encoded(index)` where they are files: the bytes of one, for whoever decodes by another rule. `hashes[i]` is the
    sha256 of the encoded bytes of image i (of shape and pixels, where it has no file), so `digest` depends on
    content and order only, never on names, dates or folders. `notes` are findings that belong beside every number
    made from this set (lossy files, skipped ones).
    """

    name: str
    kind: str
    keys: tuple[str, ...]
    hashes: tuple[str, ...]
    read: Callable[[int], UInt8[np.ndarray, "3 h w"]]
    notes: tuple[str, ...] = ()
    read_range: Callable[[int, int], UInt8[np.ndarray, "b 3 h w"]] | None = None
    encoded: Callable[[int], bytes] | None = None

    @property
    def count(self) -> int:
        return len(self.keys)

    @cached_property
    def digest(self) -> str:
        """sha256 over the hashes in order: equal exactly where the same images stand in the same order."""
        return hashlib.sha256("\n".join(self.hashes).encode()).hexdigest()
