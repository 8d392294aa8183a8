"""The tables of one run: Tables 5, 6 and 7 of the CIS 680 assignment 4, and what else is known of it.

FID stands there as the plain value, which papers print, and as the
corrected one with its 95 % interval; the Inception Score likewise.
"""

from dataclasses import replace

from bench.measuring.declared import all_declared
from bench.measuring.evaluation import GENERATED, INPUT, MEAN_IMAGE, NOISE, REAL_1, REAL_2, RECONSTRUCTED, UNTRAINED
from bench.measuring.subject import TEST
from bench.protocol import Protocol, titled
from bench.storage.records import RunRecord
from bench.tables.columns import Number, of_pairs_of_images, of_sets
from bench.tables.notes import made_with_note, notes_of
from bench.tables.of_record import TRANSLATES, labels_of, made_with, shown_name, translation_errors, who
from bench.tables.table import Cell, Column, Table
from metrics.fid import METRIC as FID_METRIC
from metrics.inception_score import METRIC as IS_METRIC

# What Tables 5, 6 and 7 show; all other numbers are found by what their metrics declare.
FID = tuple(Number(FID_METRIC, FID_METRIC.output(key)) for key in ("fid", "fid_corrected"))
IS = tuple(Number(IS_METRIC, IS_METRIC.output(key)) for key in ("inception_score", "inception_score_corrected"))
FID_COLUMNS = tuple(one.column for one in FID)
ERROR_NOTE = "means over all pairs of images, as vectors in [0, 1]; an image counts at most 100 dB"


def run_tables(record: RunRecord) -> list[Table]:
    """The tables of a successful run: Table 5, 6 or 7 by its task, the errors of pairs of images, other distances."""
    tables = [_table_5(record)] if record.task == "reconstruct" else [_sets_and_pairs(record)]
    tables += [_reconstruction(record)] if record.pair_scores(TEST, RECONSTRUCTED) else []
    tables += [_translation(record)] if any(translation_errors(record, label) for label in labels_of(record)) else []
    return [made_with(record, table) for table in (*tables, _distances(record), *_other_scores(record))]


def _table_5(record: RunRecord) -> Table:
    shown = {
        REAL_1: "real image set",
        REAL_2: "real image set 2",
        GENERATED: "generated image set",
        UNTRAINED: "the same before training",
        NOISE: NOISE,
    }
    rows = [
        (Cell(words), *_is_cells(record, name, ""), *fid_cells(record, REAL_1, name, ""))
        for name, words in shown.items()
        if name != UNTRAINED or record.set_scores(UNTRAINED)
    ]
    fid = (replace(FID_COLUMNS[0], title="FID to the real set"), FID_COLUMNS[1])
    columns = (Column("set", "Image set"), *is_columns(record.protocol), *fid)
    return Table("table-5", f"Table 5. {who(record)}", columns, tuple(rows), notes_of(record))


def _sets_and_pairs(record: RunRecord) -> Table:
    """Table 6, or Table 7 with a block of rows for each domain."""
    rows = []
    for label in labels_of(record):
        known = record.set_scores(UNTRAINED, label)
        made = [(name, name) for name in (GENERATED, *([UNTRAINED] if known else []), NOISE)]
        # Table 7 has no row of real 1 against itself
        lines = [*([(REAL_2, REAL_1)] if record.task in TRANSLATES else [(REAL_1, REAL_1), (REAL_2, REAL_2)]), *made]
        for other, name in lines:
            pair = Cell(f"{shown_name(REAL_1, label)} vs {shown_name(other, label)}")
            rows.append(
                (
                    pair,
                    *fid_cells(record, REAL_1, other, label),
                    Cell(shown_name(name, label)),
                    *_is_cells(record, name, label),
                )
            )
    number = 7 if record.task in TRANSLATES else 6
    sets = (Column("set", "Image set"), *is_columns(record.protocol))
    columns = (Column("pair", "Image set pair"), *FID_COLUMNS, *sets)
    return Table(f"table-{number}", f"Table {number}. {who(record)}", columns, tuple(rows), notes_of(record))


def _reconstruction(record: RunRecord) -> Table:
    shown = {RECONSTRUCTED: "test images vs reconstructed", MEAN_IMAGE: "test images vs their mean image"}
    rows = _error_rows(record, TEST, shown, "")
    return Table("reconstruction", f"Reconstruction error. {who(record)}", _error_columns(record), rows, (ERROR_NOTE,))


def _translation(record: RunRecord) -> Table:
    rows: list[tuple[Cell, ...]] = []
    name = record.protocol.translated
    for label in labels_of(record):
        wanted = shown_name(name, label)
        shown = {
            GENERATED: f"{wanted} vs {shown_name(GENERATED, label)}",
            INPUT: f"{wanted} vs the input as it is",
            MEAN_IMAGE: f"{wanted} vs their mean image",
        }
        rows += _error_rows(record, name, shown, label)
    title = f"Translation error. {who(record)}"
    return Table("translation", title, _error_columns(record), tuple(rows), (ERROR_NOTE,))


def _errors(record: RunRecord) -> tuple[Number, ...]:
    """The numbers of pairs of images, those that the comparison leaves out among them."""
    found = dict.fromkeys(one.metric.name for one in of_pairs_of_images(record.protocol))
    return tuple(Number(metric, one) for metric in all_declared(found) for one in metric.outputs)


def _error_columns(record: RunRecord) -> tuple[Column, ...]:
    return (Column("pair", "Image set pair"), *(one.column for one in _errors(record)))


def _error_rows(record: RunRecord, wanted: str, shown: dict[str, str], label: str) -> tuple[tuple[Cell, ...], ...]:
    pairs = {words: record.pair_scores(wanted, name, label) for name, words in shown.items()}
    numbers = _errors(record)
    return tuple(
        (Cell(words), *(one.cell(pair.scores) for one in numbers))
        for words, pair in pairs.items()
        if pair and any(one.metric.name in pair.scores for one in numbers)
    )


def _distances(record: RunRecord) -> Table:
    """What is known of every pair beside the FID: KID, precision, recall, density, coverage."""
    numbers = _others(record, "pair")
    rows = []
    for label in labels_of(record):
        for name in (REAL_2, GENERATED, UNTRAINED, NOISE):
            pair = record.pair_scores(REAL_1, name, label)
            if pair:
                words = f"{shown_name(REAL_1, label)} vs {shown_name(name, label)}"
                rows.append((Cell(words), *(one.cell(pair.scores) for one in numbers)))
    columns = (Column("pair", "Image set pair"), *(one.column for one in numbers))
    return Table("distances", f"Other distances. {who(record)}", columns, tuple(rows), (made_with_note(record),))


def _other_scores(record: RunRecord) -> list[Table]:
    """What is known of every set beside the Inception Score; no table where that is nothing."""
    numbers = _others(record, "set")
    if not numbers:
        return []
    rows = tuple(
        (Cell(shown_name(one.name, one.domain)), *(number.cell(one.scores) for number in numbers))
        for one in record.sets
    )
    columns = (Column("set", "Image set"), *(one.column for one in numbers))
    return [Table("scores", f"Other scores. {who(record)}", columns, rows, (made_with_note(record),))]


def _others(record: RunRecord, arity: str) -> list[Number]:
    """The numbers of sets or pairs that Tables 5, 6 and 7 do not have."""
    found = [one for one in of_sets(record.protocol) if one.metric.arity == arity]
    return [one for one in found if one.metric not in (FID_METRIC, IS_METRIC)]


def is_columns(protocol: Protocol) -> tuple[Column, Column]:
    """The Inception Score in the protocol's splits, and the corrected one, which has none."""
    plain, corrected = IS
    title = titled(plain.output, protocol.options(IS_METRIC.name))
    return replace(plain.column, title=title), replace(corrected.column, title="corrected [95 %]")


def fid_cells(record: RunRecord, a: str, b: str, label: str) -> tuple[Cell, Cell]:
    pair = record.pair_scores(a, b, label)
    scores = pair.scores if pair else {}
    plain, corrected = (number.cell(scores) for number in FID)
    return replace(plain, value=_rounded(plain.value)), corrected


def _rounded(value: float | int | str | None) -> float | int | str | None:
    """0 for the rounding that is left of a distance of a set to itself."""
    return 0.0 if isinstance(value, float) and abs(value) < 1e-9 else value


def _is_cells(record: RunRecord, name: str, label: str) -> tuple[Cell, Cell]:
    one = record.set_scores(name, label)
    scores = one.scores if one else {}
    plain, corrected = (number.cell(scores) for number in IS)
    return plain, corrected
