"""Whether one set of features was made from the other: every estimate of a distance takes them for independent.

Two signs, neither of which independent sets show, by the images x and y of the two sets that are each other's nearest
one across the sets:

`matched`   y is also the partner of x: the image of the same name, or in the same place. Of independent images in the
            same order of C classes about one in n / C is, so that folders sorted by class have few.
`isolated`  x and y lie less than half as far from each other as either from the nearest image of its own set, whatever
            their names: y is a copy of x, or nearly so. Where nobody copied, near duplicates lie within the sets as
            often as across (`within`), so that a data set that repeats itself is no copy.

A sign counts where it is seen at more than a quarter of the images that were looked at, and six more. What is weaker
than that goes unseen; docs/fid.md has how much, and how often independent sets are taken for others.

Cost: about 4 min(n, 500) (n + m) d multiplications.
"""

from dataclasses import dataclass

import numpy as np

from genbench.shapes import Float64, Int64, Num
from metrics.arithmetic.nearest import nearest

LOOKED_AT = 500
NEARER = 0.25  # squared: half as far
LEAST = 6
SHARE = 0.25
WITHIN = 4  # times as many across the sets as within one


@dataclass(frozen=True)
class Links:
    """How many images of the smaller set were looked at, and how many show each sign; see the head of this file."""

    looked_at: int
    matched: int
    isolated: int
    within: int

    @property
    def in_order(self) -> bool:
        """Whether partners belong together."""
        return self.matched > LEAST + SHARE * self.looked_at

    @property
    def copies(self) -> bool:
        """Whether images are copies of images of the other set, wherever they stand."""
        return self.isolated > max(LEAST + SHARE * self.looked_at, WITHIN * self.within)


def links(x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"], partners: Int64[np.ndarray, " n"]) -> Links:
    """The signs between two sets of at least 2 images each; `partners` are rows of y, -1 where a row of x has none."""
    rows = np.linspace(0, len(x) - 1, min(len(x), LOOKED_AT)).round().astype(np.int64)  # none twice: steps are >= 1
    other, apart = (found[:, 0] for found in nearest(x[rows], y, 1))
    back = nearest(y[other], x, 1)[0][:, 0]
    mutual = back == rows
    own_x, own_y = _own(x, rows), _own(y, other)
    return Links(
        looked_at=len(rows),
        matched=int((mutual & (partners[rows] == other)).sum()),
        isolated=int((mutual & (apart < NEARER * np.minimum(own_x, own_y))).sum()),
        within=int((own_x < NEARER * apart).sum()),
    )


def _own(x: Num[np.ndarray, "n d"], rows: Int64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Squared distances of rows to the nearest other row of their own set."""
    return nearest(x[rows], x, 2)[1][:, 1]
