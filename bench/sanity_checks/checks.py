"""Checks of whole sets: which images stand on either side, for each strength; 0 is real against real.

The images of a set are put in a random order and halved: the real images come from the first half, the others from the
second, so that no image stands on both sides. Modes are the classes of the data set, or clusters of its thumbnails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.sanity_checks.damages import DAMAGES, Damage
from bench.sanity_checks.judging import Expected

CLEAN, OTHER = "images", "other"
PURE_NOISE = 1.0  # as a strength of the damage "noise": outliers

Part = tuple[str, np.ndarray]  # a table of features and its rows
Picked = tuple[Part, ...]


@dataclass(frozen=True)
class Halves:
    """The rows of both halves in their order, how many are taken of each, the mode of every row, and how many images
    another data set lends."""

    first: np.ndarray
    second: np.ndarray
    n: int
    modes: np.ndarray
    others: int


@dataclass(frozen=True)
class Trial:
    """The sides of a comparison; `held_out` are real images that stand on neither."""

    real: Picked
    generated: Picked
    held_out: Picked


@dataclass(frozen=True)
class Check:
    """One check with its strengths, the weakest first; `expected` is what a good metric does.

    `pick` gives the sides for a strength, None where there are too few images; `tables` names the features that it
    reads beside those of the images, by damage and strength.
    """

    name: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    pick: Callable[[Halves, float], Trial | None]
    expected: Expected = "worse"
    tables: tuple[tuple[Damage, float], ...] = ()
    with_others: bool = False


def table_of(damage: Damage, strength: float) -> str:
    """The name of the features of damaged images."""
    return f"{damage.name} {strength:g}"


def _clean(rows: np.ndarray) -> Picked:
    return ((CLEAN, rows),)


def _trial(halves: Halves, generated: Picked, real: Picked | None = None) -> Trial:
    n = halves.n
    return Trial(real or _clean(halves.first[:n]), generated, _clean(halves.first[n : 2 * n]))


def _of_damage(damage: Damage) -> Check:
    def pick(halves: Halves, strength: float) -> Trial:
        table = table_of(damage, strength) if strength else CLEAN
        return _trial(halves, ((table, halves.second[: halves.n]),))

    tables = tuple((damage, strength) for strength in damage.strengths)
    return Check(damage.name, damage.title, damage.unit, damage.strengths, pick, tables=tables)


def _mixed(halves: Halves, share: float) -> Trial | None:
    foreign = round(share * halves.n)
    if foreign > halves.others:
        return None
    own = (CLEAN, halves.second[: halves.n - foreign])
    return _trial(halves, (own, (OTHER, np.arange(foreign))) if foreign else (own,))


def _dropped(halves: Halves, share: float) -> Trial | None:
    """The last modes are missing among the generated images."""
    kept = _first_modes(halves, halves.second, 1 - share)
    return _trial(halves, _clean(kept[: halves.n])) if len(kept) >= halves.n else None


def _invented(halves: Halves, share: float) -> Trial | None:
    """The real images are of the first half of the modes, this share of the generated ones of the others."""
    n, foreign = halves.n, round(share * halves.n)
    real, own = (_first_modes(halves, rows, 0.5) for rows in (halves.first, halves.second))
    invented = halves.second[~np.isin(halves.second, own)]
    if len(real) < n or len(own) < n - foreign or len(invented) < foreign:
        return None
    generated = np.concatenate([own[: n - foreign], invented[:foreign]])
    return Trial(_clean(real[:n]), _clean(generated), _clean(real[n : 2 * n]))


def _first_modes(halves: Halves, rows: np.ndarray, share: float) -> np.ndarray:
    """The rows of this share of the modes, the first ones."""
    known = np.unique(halves.modes)
    return rows[np.isin(halves.modes[rows], known[: round(share * len(known))])]


def _copies(halves: Halves, share: float) -> Trial:
    """This share of the generated images are copies of the real ones, which the generator was trained on."""
    copied = round(share * halves.n)
    parts = (halves.second[: halves.n - copied], halves.first[:copied])
    return _trial(halves, _clean(np.concatenate(parts)))


def _outliers(halves: Halves, share: float) -> Trial:
    """This share of the REAL images is noise: a few broken files in the reference."""
    broken = max(1, round(share * halves.n)) if share else 0
    rows = halves.first[: halves.n]
    real = ((CLEAN, rows[broken:]), (table_of(DAMAGES["noise"], PURE_NOISE), rows[:broken]))
    return _trial(halves, _clean(halves.second[: halves.n]), real if broken else None)


def _fewer_generated(halves: Halves, share: float) -> Trial:
    return _trial(halves, _clean(halves.second[: round((share or 1) * halves.n)]))


def _fewer_both(halves: Halves, share: float) -> Trial:
    m = round((share or 1) * halves.n)
    sides = (halves.first[:m], halves.second[:m], halves.first[halves.n : halves.n + m])
    return Trial(*map(_clean, sides))


CHECKS: Mapping[str, Check] = {
    one.name: one
    for one in (
        *map(_of_damage, DAMAGES.values()),
        Check("mixed", "Another data set mixed in", "share", (0.25, 0.5, 0.75), _mixed, with_others=True),
        Check("dropped", "Modes dropped", "share of modes", (0.1, 0.3, 0.5), _dropped),
        Check("invented", "Modes invented", "share of images", (0.1, 0.3, 0.5), _invented),
        Check("copies", "Copies of real images", "share", (0.25, 0.5, 1), _copies),
        Check(
            *("outliers", "Noise among the real images", "share", (0.01, 0.02, 0.05), _outliers, "unmoved"),
            tables=((DAMAGES["noise"], PURE_NOISE),),
        ),
        Check("fewer", "Fewer generated images", "share", (0.75, 0.5, 0.25), _fewer_generated, "unmoved"),
        Check("smaller", "Fewer images on both sides", "share", (0.75, 0.5, 0.25), _fewer_both, "unmoved"),
    )
}
