"""The tables of an explanation."""

from collections.abc import Sequence

from bench.explaining._groups import Grouping
from bench.explaining._images import Place
from bench.explaining._words import Evidence
from bench.measuring.sets import MeasuredSet
from bench.tables.table import Cell, Column, Table

LETTERS = "AB"


def effects_table(found: Evidence) -> Table:
    columns = (
        Column("factor", "Made equal"), Column("told", "as it is"), Column("before", "FID before", decimals=2),
        Column("after", "after", decimals=2), Column("removed", "goes away, %", decimals=0),
    )  # fmt: skip
    rows = []
    for one in found.every_effect:
        low, high = one.interval(found.floor) or (None, None)
        low, high = (None if end is None else 100 * end for end in (low, high))
        gone = Cell() if one.after is None or found.is_chance else Cell(100 * one.removed(found.floor), low, high)
        rows.append((Cell(one.name), Cell(one.told), Cell(one.before), Cell(one.after), gone))
    note = (
        "a diagnosis, and no numbers to publish. The last column is a percentage of what lies above the FID of two "
        "sets of one distribution; its intervals hold for all rows together. A dash: the sets do not differ in it, or "
        "cannot be made equal"
    )
    return Table("equalised", "What is left when the sets are made alike", columns, tuple(rows), (note,))


def directions_table(found: Evidence) -> Table:
    columns = (
        Column("direction", "Direction"), Column("share", "of the FID, %", decimals=1),
        Column("together", "together, %", decimals=1), Column("mean", "mean term", decimals=3),
        Column("covariance", "covariance term", decimals=3),
    )  # fmt: skip
    one, whole = found.directions, found.distance.fid or 1.0
    rows = [
        tuple(
            map(
                Cell,
                (
                    number + 1,
                    float(100 * one.total[number] / whole),
                    float(100 * one.total[: number + 1].sum() / whole),
                    float(one.mean[number]),
                    float(one.total[number] - one.mean[number]),
                ),
            )
        )
        for number in range(len(one.total))
    ]
    held = f"{len(found.directions.total)} directions; the rest holds {_left(found)}"
    return Table("directions", "The directions in which most has to be moved", columns, tuple(rows), (held,))


def _left(found: Evidence) -> str:
    """The share of the FID that no listed direction holds."""
    return f"{100 * found.directions.left / (found.distance.fid or 1.0):.1f} %"


def groups_table(grouping: Grouping) -> Table:
    kind = grouping.kind
    columns = (
        Column(kind, kind.capitalize()), Column("n_a", "in A"), Column("n_b", "in B"),
        Column("share_a", "of A, %", decimals=1), Column("share_b", "of B, %", decimals=1),
        Column("difference", "B less A", decimals=1), Column("p", "p", shown="never"),
        Column("differs", "Beyond chance"),
    )  # fmt: skip
    rows = tuple(
        (
            *(Cell(one.name), Cell(one.a), Cell(one.b), Cell(100 * one.share_a), Cell(100 * one.share_b)),
            Cell(100 * (one.share_b - one.share_a), 100 * one.low, 100 * one.high),
            *(Cell(one.p), Cell("yes" if one.differs else "")),
        )
        for one in grouping.groups
    )
    plural = f"{kind}es" if kind == "class" else f"{kind}s"
    note = (
        "beyond chance: by Fisher's exact test, with Holm's rule for all rows together; 95 % intervals of single rows"
    )
    return Table(plural, f"Which {plural} are missing or too many in B", columns, rows, (note,))


def moving_table(moves: Sequence[tuple[Place, float]], sets: Sequence[MeasuredSet]) -> Table:
    columns = (Column("set", "Set"), Column("image", "Image"), Column("influence", "raises the FID by", decimals=4))
    rows = tuple(
        (Cell(LETTERS[which]), Cell(sets[which].images.keys[row]), Cell(value)) for (which, row), value in moves
    )
    return Table("influence", "The images that move the FID most", columns, rows)
