"""Memorisation: are generated images copies of training images? Four answers from one set of features.

With d(x, T) the distance of x to the nearest training image, over generated g_1..g_n, training T of N images and
held-out H of m, real images that the generator has not seen:

`near_duplicates`   the share of generated images that are nearly the same as one training image, far nearer to it than
                    to any other one, by a measure taken from the held-out images, and by a stricter one; see
                    `metrics.arithmetic.near_duplicates`.

`authpct`           AuthPct, in percent (Alaa et al. 2022, arXiv 2102.08921, as in dgm-eval of Stein et al.
                    2023, arXiv 2306.04675): the share of generated images that lie further from their nearest training
                    image t than t lies from its own nearest training image. Copies have 0.

`c_t`               C_T (Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675): training images are put into
                    3 cells by k-means; in each, with n' generated and m' held-out images and U the number of pairs in
                    which the generated one is further from the cell's training images than the held-out one (ties half)

                        Z_U = (U - n' m' / 2) / sqrt(n' m' (n' + m' + 1) / 12)

                    and C_T is their mean, weighted by m', over the cells with more than 20 generated images (all in one
                    cell where there is none). Far below 0: copied. It differs from dgm-eval in that features are not
                    cut to 64 principal components and U is not corrected for continuity.

`train_share`       how often the nearest of ALL real images, training and held-out, is a training one. With c_r the
                    number of generated images whose nearest real image is r (equally near ones share it), and S the sum
                    of c_r over training images: where no generated image depends on which of the real ones were
                    trained on, the labels training / held-out are exchangeable, and whatever the generator is

                        E S = n N / (N + m)       var S = N m / ((N + m) (N + m - 1)) sum_r (c_r - mean c)^2

                    by permuting the labels (nearest-neighbour tests of this kind: Schilling 1986, doi
                    10.1080/01621459.1986.10478337). `train_share_z` is (S - E S) / sd S, `train_share_p` the
                    probability of so large an S, hypergeometric with sum(c)^2 / sum(c^2) draws, exact where all c > 0
                    are equal; `held_out_p` the same for the held-out images, which nobody should come near to either.

Only the last has a known null for every honest generator. A blurred one lies nearer to the training images than real
held-out images do, and one that repeats few images has few independent draws: AuthPct and C_T take the first for a
copier, and no standard error that counts images knows of the second.

Ties are decided exactly (`metrics.arithmetic.nearest`). Cost: about (2 N n + N m + m n) d multiplications in float64.
"""

import math
from collections.abc import Iterator

import numpy as np

from genbench.shapes import Float64, Int64, Num
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.agreement import AGREES, TINY, WHOLE, agree
from metrics.arithmetic.arrays import Given, canonical_order, check_matrix
from metrics.arithmetic.chance import effective_number, hypergeometric_tail
from metrics.arithmetic.near_duplicates import contradiction, near_numbers, near_values
from metrics.arithmetic.nearest import nearest, nearest_counts
from metrics.errors import InputError
from metrics.options import SEED, check_seed
from metrics.types import Counts, Metric, Output, Value, Values

CELLS = 3  # of the training images, as in dgm-eval
CELL_LEAST = 20  # more generated images than this, or a cell is left out
ROUNDS = 100  # of k-means, at most


@numpy_defaults()
def compute(train: Given, generated: Given, held_out: Given, *, seed: int = SEED) -> dict[str, float]:
    """Signs of memorisation in generated [n, d], from training [N, d] and held-out [m, d] features of one extractor.

    Shares are in [0, 1], `authpct` in [0, 100], `..._p` are probabilities under "nothing was copied". `near_duplicates`
    with `near_duplicates_expected` and `near_duplicates_p`, and the same of `near_duplicates_strict`; `train_share`
    with `train_share_expected`, `train_share_z`, `train_share_p` and `held_out_p`; `c_t`; counts `n_train`,
    `n_generated`, `n_held_out`. Copies raise `near_duplicates` and `train_share`, and lower `authpct` and `c_t`. `seed`
    draws the first centres of C_T's cells; nothing depends on the order of the rows. InputError for fewer than 4
    images, different widths, and features that are not finite.
    """
    train, generated, held_out = _check(train, generated, held_out)
    seed = check_seed(seed)
    originals, distances = nearest(generated, train, 2)
    return {
        **near_numbers("near_duplicates", distances, originals[:, 0], nearest(held_out, train, 2)[1]),
        "authpct": _authpct(train, originals[:, 0], distances[:, 0]),
        "c_t": _c_t(train, generated, held_out, seed),
        **_train_share(train, generated, held_out),
        "n_train": len(train),
        "n_generated": len(generated),
        "n_held_out": len(held_out),
    }


def _check(*sets: Given) -> tuple[Num[np.ndarray, "_ d"], ...]:
    words = ("training", "generated", "held-out")
    found = [check_matrix(one, f"the {word} features", 4) for one, word in zip(sets, words, strict=True)]
    widths = [one.shape[1] for one in found]
    if len(set(widths)) > 1:
        said = ", ".join(f"the {word} ones {width}" for word, width in zip(words, widths, strict=True))
        raise InputError(f"features of different width: {said}; expected the same; use one extractor and tap")
    return tuple(found)


def _authpct(
    train: Num[np.ndarray, "N d"], originals: Int64[np.ndarray, " n"], squared: Float64[np.ndarray, " n"]
) -> float:
    """From the nearest training image of each generated one, and how far it is."""
    rows, place = np.unique(originals, return_inverse=True)
    apart = nearest(train[rows], train, 2)[1][:, 1]  # the nearest of all is the image itself, or its equal
    return float(100 * (apart[place] < squared).mean())


def _train_share(
    train: Num[np.ndarray, "N d"], generated: Num[np.ndarray, "n d"], held_out: Num[np.ndarray, "m d"]
) -> dict[str, float]:
    n, trained, unseen = len(generated), len(train), len(held_out)
    pooled = trained + unseen
    counts = nearest_counts(generated, np.concatenate([train, held_out]))
    share = float(counts[:trained].sum()) / n
    variance = trained * unseen / (pooled * (pooled - 1)) * float(((counts - counts.mean()) ** 2).sum())
    excess = counts[:trained].sum() - n * trained / pooled
    drawn = effective_number(counts)
    return {
        "train_share": share,
        "train_share_expected": trained / pooled,
        "train_share_z": float(excess / np.sqrt(variance)) if variance > 0 else 0.0,
        "train_share_p": hypergeometric_tail(int(share * drawn), drawn, trained, pooled),
        "held_out_p": hypergeometric_tail(int((1 - share) * drawn), drawn, unseen, pooled),
    }


# ----- C_T


def _c_t(
    train: Num[np.ndarray, "N d"], generated: Num[np.ndarray, "n d"], held_out: Num[np.ndarray, "m d"], seed: int
) -> float:
    centres = _centres(train[canonical_order(train)], seed)
    cells = [nearest(one, centres, 1)[0][:, 0] for one in (train, generated, held_out)]
    found = []
    for cell in range(len(centres)):
        part, made, real = (one[at == cell] for one, at in zip((train, generated, held_out), cells, strict=True))
        if len(part) and len(real) and len(made) > CELL_LEAST:
            found.append((len(real), _z_u(part, made, real)))
    if not found:
        return _z_u(train, generated, held_out)
    return sum(count * value for count, value in found) / sum(count for count, _ in found)


def _z_u(train: Num[np.ndarray, "N d"], generated: Num[np.ndarray, "n d"], held_out: Num[np.ndarray, "m d"]) -> float:
    made, real = (nearest(one, train, 1)[1][:, 0] for one in (generated, held_out))
    real = np.sort(real)
    pairs = len(made) * len(real)
    further = (np.searchsorted(real, made, "left") + np.searchsorted(real, made, "right")).sum() / 2
    return float((further - pairs / 2) / np.sqrt(pairs * (len(made) + len(real) + 1) / 12))


def _centres(rows: Num[np.ndarray, "N d"], seed: int) -> Num[np.ndarray, "k d"]:
    """Centres of the cells by k-means, from rows drawn far apart on (Arthur and Vassilvitskii 2007, k-means++)."""
    draw = np.random.default_rng(seed)
    centres = rows[draw.integers(len(rows), size=1)].astype(np.float64)
    while len(centres) < CELLS:
        away = nearest(rows, centres, 1)[1][:, 0]
        chosen = draw.choice(len(rows), 1, p=away / away.sum() if away.any() else None)
        centres = np.concatenate([centres, rows[chosen]])
    for _ in range(ROUNDS):
        cell = nearest(rows, centres, 1)[0][:, 0]
        moved = np.stack(
            [
                rows[cell == one].mean(axis=0, dtype=np.float64) if (cell == one).any() else centres[one]
                for one in range(CELLS)
            ]
        )
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres


# ----- what numbers cannot be together


def impossible(values: Values, counts: Counts, options: Values) -> Iterator[str]:
    """What contradicts another number of the result.

    With C_r = how many images have the real image r as their nearest, sum C_r^2 follows from `train_share` and
    `train_share_z`, and with it the number of independent draws, and with that both probabilities.
    """
    yield from _nearest_contradicts(values, counts)
    yield from contradiction("near_duplicates", values, counts.generated, counts.held_out)


def _nearest_contradicts(values: Values, counts: Counts) -> Iterator[str]:
    train, pooled = counts.train, counts.train + counts.held_out
    keys = ("train_share", "train_share_expected", "train_share_z", "train_share_p", "held_out_p", "c_t")
    found = [values.get(key) for key in keys]
    if any(value is None for value in found):
        return
    share, expected, z, p, held_out_p, c_t = (float(value) for value in found if value is not None)
    if abs(expected - train / pooled) > TINY:
        yield f"train_share_expected is {expected:.9g}; {train} of {pooled} are {train / pooled:.9g}"
        return
    most = math.sqrt(3 * counts.generated * counts.held_out / (counts.generated + counts.held_out + 1))
    if abs(c_t) > most * (1 + AGREES):
        yield f"c_t is {c_t:.6g}; for these counts it is within {most:.6g} of 0"
    excess = counts.generated * (share - expected)
    if abs(excess) > WHOLE and excess * z <= 0:
        yield f"train_share is {share:.6g} and train_share_z {z:.6g}, on the other side of {expected:.6g}"
    elif abs(z) > TINY and not any(_tails(share, many, counts, p, held_out_p) for many in _drawn(excess / z, counts)):
        yield f"train_share {share:.6g} and its z {z:.6g} do not give the probabilities beside them"


def _drawn(sd: float, counts: Counts) -> range:
    """How many independent draws the images are worth, (sum C)^2 / sum C^2 rounded down; `sd` is that of the share."""
    pooled = counts.train + counts.held_out
    squares = sd**2 * pooled * (pooled - 1) / (counts.train * counts.held_out) + counts.generated**2 / pooled
    worth = counts.generated**2 / squares
    return range(max(1, int(worth * (1 - AGREES))), int(worth * (1 + AGREES)) + 1)


def _tails(share: float, drawn: int, counts: Counts, p: float, held_out_p: float) -> bool:
    pooled = counts.train + counts.held_out
    train = hypergeometric_tail(int(share * drawn), drawn, counts.train, pooled)
    held_out = hypergeometric_tail(int((1 - share) * drawn), drawn, counts.held_out, pooled)
    return agree(p, train) and agree(held_out_p, held_out)


METRIC = Metric(
    name="memorisation",
    title="Memorisation",
    source="Alaa et al. 2022, arXiv 2102.08921; Meehan et al. 2020, arXiv 2004.05675; "
    "Schilling 1986, doi 10.1080/01621459.1986.10478337",
    feature="pool",
    arity="triplet",
    outputs=(
        Output(
            *("near_duplicates", "Near duplicates", "lower"),
            says="share of images far nearer to one training image than to any other, by features",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            expected="near_duplicates_expected",
            column="Near dupl.",
            shown="top",
            looks_at="copies",
        ),
        Output(
            *("authpct", "AuthPct", "higher"),
            says="percent of images that are further from the nearest training image than it is from its own neighbour",
            kind="percent",
            least=0,
            most=100,
            counted="generated",
            decimals=1,
            looks_at="copies",
        ),
        Output(
            *("c_t", "C_T", "neither"),
            says="far below 0 if the images are nearer to training images than held-out real images are",
            kind="z",
            decimals=1,
            shown="table",
        ),
        Output(
            *("train_share", "Nearest is a training image", "neither"),
            says="share of images whose nearest real image is a training image, not a held-out one",
            kind="share",  # no whole number of images: one with several nearest ones counts for a part of each
            least=0,
            most=1,
            expected="train_share_expected",
            shown="entry",
        ),
        Output(
            *("train_share_z", "z of that", "neither"),
            says="how many standard deviations above chance that is",
            kind="z",
            column="z train",
            decimals=1,
            shown="table",
        ),
    ),
    beside=(
        *near_values("near_duplicates"),
        Value("train_share_expected", least=0, most=1),
        Value("train_share_p", kind="probability", least=0, most=1),
        Value("held_out_p", kind="probability", least=0, most=1),
        Value("n_train", kind="count", counted="train"),
        Value("n_generated", kind="count", counted="generated"),
        Value("n_held_out", kind="count", counted="held_out"),
    ),
    impossible=impossible,
    compute=compute,
    version=2,
    same_since=1,
)
