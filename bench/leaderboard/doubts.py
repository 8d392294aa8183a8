"""Distances that are too good to be likely: rules of chance, because none is impossible for independent images.

Both compare with real 2, an independent set of real images, and allow REACHES times the half width of the 95 %
intervals, about 4 standard deviations:

- the corrected FID must not lie below 0 by more than that: nearer to real 1 than another real set can be;
- the plain FID must not lie below that of real 2 by more than that, where both have one count. With few images for many
  features a generator of little variety may do so honestly; then the images decide (level 2 of `bench verify`).
"""

import math
from collections.abc import Mapping

from bench.storage.records import Numbers

REACHES = 2.0


def doubts(scores: Mapping[str, Numbers], real_2: Mapping[str, Numbers]) -> tuple[str, ...]:
    """Where the FID is lower than chance allows for images that are independent of real 1; () where it is not."""
    fid, null = scores.get("fid", {}), real_2.get("fid", {})
    keys = ("fid", "fid_corrected", "fid_high")
    values = [one.get(key) for one in (fid, null) for key in keys]
    if any(value is None for value in values):
        return ()
    plain, value, high, null_plain, null_value, null_high = (float(one) for one in values if one is not None)
    reach, null_reach = high - value, null_high - null_value
    if value + REACHES * reach < 0:
        return (
            f"fid: the corrected FID {value:.6g} is below 0 by more than {REACHES:g} times its interval's half "
            f"{reach:.3g}: nearer to real 1 than an independent set of real images can be",
        )
    count = fid.get("n_b")
    if count == null.get("n_b") and plain < null_plain - REACHES * math.hypot(reach, null_reach):
        return (
            f"fid: the plain FID {plain:.6g} of {count} images is far below that of as many real ones, "
            f"{null_plain:.6g} (real 2; {REACHES:g} times both intervals' halves are allowed)",
        )
    return ()
