"""The FID as other tools print it, as a table: a row for each tool."""

import math
from collections.abc import Mapping
from typing import Any

from bench.tables.table import Cell, Column, Table

FIGURES = 6  # of the largest FID
COLUMNS = (
    Column("tool", "as printed by"),
    Column("fid", "FID", better="lower"),
    Column("difference", "difference"),
    Column("resize", "resize"),
    Column("scaling", "scaling"),
    Column("covariance", "divisor"),
    Column("precision", "numbers", shown="never"),  # these two change digits that are not shown
    Column("root", "root", shown="never"),
)


def convention_table(result: Mapping[str, Any]) -> Table:
    """What `bench.fid(..., conventions=True)` found; the notes of a tool stand below."""
    rows = result["conventions"]
    most = max((row["fid"] for row in rows if row["fid"]), default=1.0)
    places = max(0, FIGURES - 1 - math.floor(math.log10(most)))
    cells = tuple(
        (
            Cell(row["tool"]),
            Cell(row["fid"], decimals=places),
            Cell(row["difference"], decimals=places),
            Cell(row["interpolation"].removesuffix(", in float32") + (", antialiased" if row["antialias"] else "")),
            *(Cell(row[key]) for key in ("scaling", "covariance", "precision", "root")),
        )
        for row in rows
    )
    title = f"The FID of {result['name_a']} against {result['name_b']} as other tools print it"
    notes = tuple(f"{row['tool']}: {row['note']}" for row in rows if row["note"])
    return Table("conventions", title, COLUMNS, cells, notes, "", result.get("extractor") or "")
