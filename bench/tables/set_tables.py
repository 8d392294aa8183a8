"""Tables 5, 6 and 7 of the CIS 680 assignment 4 out of the scores of sets of images, and what else is known of these.

The same tables are made of a run's record and of anybody's own sets. FID stands there as the plain value, which papers
print, and as the corrected one with its 95 % interval; the Inception Score likewise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from bench.measuring.evaluation import REAL_1, REAL_2
from bench.protocol import titled
from bench.storage.records import PairScores, SetScores
from bench.tables.columns import Number
from bench.tables.table import Cell, Column, Table, aligned
from metrics.fid import METRIC as FID_METRIC
from metrics.inception_score import METRIC as IS_METRIC

# What Tables 5, 6 and 7 show; all other numbers are found by what their metrics declare.
FID = tuple(Number(FID_METRIC, FID_METRIC.output(key)) for key in ("fid", "fid_corrected"))
IS = tuple(Number(IS_METRIC, IS_METRIC.output(key)) for key in ("inception_score", "inception_score_corrected"))
FID_COLUMNS = tuple(one.column for one in FID)
ERROR_NOTE = "means over all pairs of images, as vectors in [0, 1]; an image counts at most 100 dB"
PAIR = Column("pair", "Image set pair")
SET = Column("set", "Image set")


class Scored(Protocol):
    """Whatever knows the scores of sets and of pairs of sets by their names: a record, or a sheet."""

    def set_scores(self, name: str, domain: str = "") -> SetScores | None: ...
    def pair_scores(self, a: str, b: str, domain: str = "") -> PairScores | None: ...


@dataclass(frozen=True)
class Sheet:
    """What the tables of one run, or of own sets, are made of.

    `number` is that of the assignment's table, `who` stands in every title. `made` are the sets beside real 1 and real
    2 by domain ("" where there is one), as they are listed, `words` what Table 5 calls the sets. `numbers` are those of
    the other tables, `options` those of the Inception Score. `notes` belong under the first table, `short` under the
    others; `protocol` and `extractor` are what the numbers were made with.
    """

    number: Literal[5, 6, 7]
    who: str
    scored: Scored
    made: Mapping[str, tuple[str, ...]]
    numbers: tuple[Number, ...]
    options: Mapping[str, Any]
    notes: tuple[str, ...]
    short: tuple[str, ...]
    protocol: str
    extractor: str
    words: Mapping[str, str]


def first_table(sheet: Sheet) -> Table:
    """Table 5, 6 or 7."""
    return _table_5(sheet) if sheet.number == 5 else _sets_and_pairs(sheet)


def other_tables(sheet: Sheet) -> list[Table]:
    """What is known beside FID and Inception Score: other distances, and other scores where there are some."""
    return [_distances(sheet), *_other_scores(sheet)]


def signed(table: Table, protocol: str, extractor: str) -> Table:
    """The table as it is shown, with what its numbers were made with."""
    return replace(aligned(table), protocol=protocol, extractor=extractor)


def shown_name(name: str, label: str) -> str:
    """`real 1` of the domain edges is `real edges 1`, as Table 7 writes it."""
    word, _, number = name.partition(" ")
    if not number.isdigit():
        word, number = name, ""
    return " ".join(filter(None, (word, label, number)))


def _table_5(sheet: Sheet) -> Table:
    rows = [
        (Cell(sheet.words.get(name, name)), *_is_cells(sheet.scored, name, ""), *fid_cells(sheet.scored, name, ""))
        for name in (REAL_1, REAL_2, *sheet.made[""])
    ]
    fid = (replace(FID_COLUMNS[0], title="FID to the real set"), FID_COLUMNS[1])
    return Table("table-5", f"Table 5. {sheet.who}", (SET, *is_columns(sheet.options), *fid), tuple(rows), sheet.notes)


def _sets_and_pairs(sheet: Sheet) -> Table:
    """Table 6, or Table 7 with a block of rows for each domain."""
    rows = []
    for label, made in sheet.made.items():
        # Table 7 has no row of real 1 against itself
        first = [(REAL_2, REAL_1)] if sheet.number == 7 else [(REAL_1, REAL_1), (REAL_2, REAL_2)]
        for other, name in [*first, *((one, one) for one in made)]:
            pair = Cell(f"{shown_name(REAL_1, label)} vs {shown_name(other, label)}")
            one = Cell(shown_name(name, label))
            rows.append((pair, *fid_cells(sheet.scored, other, label), one, *_is_cells(sheet.scored, name, label)))
    title = f"Table {sheet.number}. {sheet.who}"
    columns = (PAIR, *FID_COLUMNS, SET, *is_columns(sheet.options))
    return Table(f"table-{sheet.number}", title, columns, tuple(rows), sheet.notes)


def _distances(sheet: Sheet) -> Table:
    """What is known of every pair beside the FID: KID, precision, recall, density, coverage."""
    numbers = _others(sheet, "pair")
    rows = []
    for label, made in sheet.made.items():
        for name in (REAL_2, *made):
            pair = sheet.scored.pair_scores(REAL_1, name, label)
            if pair:
                words = f"{shown_name(REAL_1, label)} vs {shown_name(name, label)}"
                rows.append((Cell(words), *(one.cell(pair.scores) for one in numbers)))
    columns = (PAIR, *(one.column for one in numbers))
    return Table("distances", f"Other distances. {sheet.who}", columns, tuple(rows), sheet.short)


def _other_scores(sheet: Sheet) -> list[Table]:
    """What is known of every set beside the Inception Score; no table where that is nothing."""
    numbers = _others(sheet, "set")
    if not numbers:
        return []
    rows = []
    for label, made in sheet.made.items():
        for name in (REAL_1, REAL_2, *made):
            one = sheet.scored.set_scores(name, label)
            if one:
                rows.append((Cell(shown_name(name, label)), *(number.cell(one.scores) for number in numbers)))
    columns = (SET, *(one.column for one in numbers))
    return [Table("scores", f"Other scores. {sheet.who}", columns, tuple(rows), sheet.short)]


def error_table(
    name: str, title: str, numbers: tuple[Number, ...], rows: tuple[tuple[Cell, ...], ...], notes: tuple[str, ...] = ()
) -> Table:
    """Errors of images one by one, with these rows and more notes."""
    return Table(name, title, (PAIR, *(one.column for one in numbers)), rows, (ERROR_NOTE, *notes))


def error_rows(
    scored: Scored, numbers: tuple[Number, ...], wanted: str, shown: Mapping[str, str], label: str
) -> tuple[tuple[Cell, ...], ...]:
    """A row for each set in words that was compared with the wanted one image by image."""
    pairs = {words: scored.pair_scores(wanted, name, label) for name, words in shown.items()}
    return tuple(
        (Cell(words), *(one.cell(pair.scores) for one in numbers))
        for words, pair in pairs.items()
        if pair and any(one.metric.name in pair.scores for one in numbers)
    )


def _others(sheet: Sheet, arity: str) -> list[Number]:
    """The numbers of sets or pairs that Tables 5, 6 and 7 do not have."""
    found = [one for one in sheet.numbers if one.metric.arity == arity]
    return [one for one in found if one.metric not in (FID_METRIC, IS_METRIC)]


def is_columns(options: Mapping[str, Any]) -> tuple[Column, Column]:
    """The Inception Score in so many splits, and the corrected one, which has none."""
    plain, corrected = IS
    title = titled(plain.output, options)
    return replace(plain.column, title=title), replace(corrected.column, title="corrected [95 %]")


def fid_cells(scored: Scored, name: str, label: str) -> tuple[Cell, Cell]:
    """The FID of a set to real 1, and the corrected one."""
    pair = scored.pair_scores(REAL_1, name, label)
    scores = pair.scores if pair else {}
    plain, corrected = (number.cell(scores) for number in FID)
    return replace(plain, value=_rounded(plain.value)), corrected


def _rounded(value: float | int | str | None) -> float | int | str | None:
    """0 for the rounding that is left of a distance of a set to itself."""
    return 0.0 if isinstance(value, float) and abs(value) < 1e-9 else value


def _is_cells(scored: Scored, name: str, label: str) -> tuple[Cell, Cell]:
    one = scored.set_scores(name, label)
    scores = one.scores if one else {}
    plain, corrected = (number.cell(scores) for number in IS)
    return plain, corrected
