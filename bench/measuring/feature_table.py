"""Features of a set of images, and the key by which they are kept: all that they depend on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.measuring.machines import Share
from bench.storage.cache import digest_of

FEATURES_VERSION = 1  # goes up when decoding, batching or anything else here changes a feature


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of a set of images and all that they depend on.

    `arrays[tap]` is float32 [n, d], row i belongs to image i of the source (read-only and memory-mapped where it comes
    from the cache). `hashes[i]` is the sha256 of image i. `shares` say on which machines how many were measured, ()
    where that is not known. `warnings` belong beside every number made from the table.
    """

    arrays: Mapping[str, np.ndarray]
    source_digest: str
    source_name: str
    count: int
    extractor: str
    version: int
    weights_sha256: str
    resize: str
    hashes: tuple[str, ...]
    shares: tuple[Share, ...] = ()
    warnings: tuple[str, ...] = ()

    def key(self, tap: str) -> str:
        """The name of one tap's features in the cache: equal exactly where the features are."""
        return feature_key(
            self.source_digest, self.extractor, self.version, self.weights_sha256, resize=self.resize, tap=tap
        )


def feature_key(source_digest: str, extractor: str, version: int, weights_sha256: str, *, resize: str, tap: str) -> str:
    """sha256 over everything that the features of one tap depend on: contents, never names or places.

    Device, batch size and workers are not part of it: they move a feature by rounding only (1e-6 relative).
    """
    return digest_of(
        {
            "features_version": FEATURES_VERSION,
            "source_digest": source_digest,
            "extractor": extractor,
            "extractor_version": version,
            "weights_sha256": weights_sha256,
            "resize": resize,
            "tap": tap,
        }
    )
