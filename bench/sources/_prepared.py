"""Hashes of a data set's prepared images, kept by the bytes of their files: what decoding all of them again would give.

A preparation (crop, resize, threshold) is code, and code changes. So the key holds, beside the hashes of the files, the
hashes of a few images as they are prepared now: those of another preparation are never found.
"""

import hashlib
from collections.abc import Callable

import numpy as np

from bench.sources._parallel import in_order
from bench.sources.rows import HASH_THREADS, Rows, hash_of, hashes_of_rows
from bench.storage.cache import Cache, digest_of

SAMPLES = 8
FILES_PER_TASK = 64
VERSION = 1


def prepared_hashes(
    title: str, rows: Rows, encoded: Callable[[int], bytes], count: int, cache: Cache
) -> tuple[tuple[str, ...], str]:
    """The hashes of all rows, from the cache where their files are known; and a warning where they cannot be kept."""

    def hashed(start: int, stop: int) -> list[str]:
        return [hashlib.sha256(encoded(index)).hexdigest() for index in range(start, stop)]

    files = in_order(hashed, count, per_task=FILES_PER_TASK, workers=HASH_THREADS)
    places = np.unique(np.linspace(0, count - 1, SAMPLES).astype(int)).tolist()
    key = digest_of(
        {
            "prepared_version": VERSION,
            "files": hashlib.sha256("\n".join(files).encode()).hexdigest(),
            "prepared": [hash_of(rows(place, place + 1)[0]) for place in places],
        }
    )
    entry = cache.get(key)
    if entry is not None:
        return tuple(row.tobytes().hex() for row in entry["hashes"]), ""
    hashes = hashes_of_rows(rows, count)
    values = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(count, -1)
    return hashes, cache.put(key, {"hashes": values}, {"what": "hashes of prepared images", "source": title})
