"""FIDs that somebody was given for the same images: which tool prints each, and what makes them differ."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from bench.tables.scores import figure
from bench.tables.table import Cell, Column, Table

NEAR = 0.005  # of a value: papers print two decimals or fewer
LEAST = 0.006  # what two decimals hide
COMPARED = {
    "interpolation": "resize",
    "antialias": "antialiasing",
    "scaling": "scaling of pixels",
    "covariance": "divisor of the covariance",
}
OTHERWISE = "other images, another number of them, other weights or another layer"


def nearest(value: float, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The convention whose FID is nearest to a given one; the first of several."""
    return min((row for row in rows if row["fid"] is not None), key=lambda row: abs(row["fid"] - value))


def given_table(values: Sequence[float], rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each given FID with the nearest convention, the difference, and whether it is that one."""
    columns = (
        Column("given", "Given FID", decimals=4), Column("tool", "Nearest"), Column("fid", "prints", decimals=4),
        Column("difference", "apart", decimals=4), Column("fits", ""),
    )  # fmt: skip
    found = [(value, nearest(value, rows)) for value in values]
    lines = tuple(
        (
            Cell(value, decimals=4),
            *(Cell(row["tool"]), Cell(row["fid"], decimals=4)),
            *(Cell(value - row["fid"], decimals=4), Cell("this one" if _fits(value, row) else "none fits")),
        )
        for value, row in found
    )
    return Table("given", "FIDs that were given, and the tool that prints the nearest", columns, lines)


def about_given(values: Sequence[float], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What explains each given FID and the difference of every two, in sentences."""
    said = []
    for value in values:
        row = nearest(value, rows)
        if not _fits(value, row):
            said.append(
                f"No tool prints {value:g} for these images: the nearest is {row['tool']} with {figure(row['fid'])}. "
                f"Something else differs: {OTHERWISE}."
            )
    for one, other in combinations(values, 2):
        first, second = nearest(one, rows), nearest(other, rows)
        if _fits(one, first) and _fits(other, second):
            said.append(_difference(one, first, other, second))
    return said


def _difference(one: float, first: Mapping[str, Any], other: float, second: Mapping[str, Any]) -> str:
    if first["tool"] == second["tool"]:
        return f"{one:g} and {other:g} are one number: {first['tool']} prints {figure(first['fid'])}."
    differing = [
        f"{word} ({first[key]} and {second[key]})" for key, word in COMPARED.items() if first[key] != second[key]
    ]
    why = " and in the ".join(differing).replace("True", "yes").replace("False", "no")
    why = why or "images that are dropped, or in the precision"
    return (
        f"{one:g} is what {first['tool']} prints and {other:g} what {second['tool']} prints. They differ in the {why}."
    )


def _fits(value: float, row: Mapping[str, Any]) -> bool:
    return bool(abs(value - row["fid"]) <= max(LEAST, NEAR * abs(value)))
