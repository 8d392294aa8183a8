"""The tables of one run: Tables 5, 6 and 7 of the CIS 680 assignment 4, and what else is known of it."""

from bench.measuring.declared import all_declared
from bench.measuring.evaluation import GENERATED, INPUT, MEAN_IMAGE, NOISE, REAL_1, REAL_2, RECONSTRUCTED, UNTRAINED
from bench.measuring.subject import TEST
from bench.storage.records import RunRecord
from bench.tables.columns import Number, of_pairs_of_images, of_sets
from bench.tables.notes import made_with_note, notes_of
from bench.tables.of_record import TRANSLATES, labels_of, made_with, translation_errors, who
from bench.tables.set_tables import (
    Sheet,
    error_rows,
    error_table,
    first_table,
    other_tables,
    shown_name,
)
from bench.tables.table import Table
from metrics.inception_score import METRIC as IS_METRIC

WORDS = {
    REAL_1: "real image set",
    REAL_2: "real image set 2",
    GENERATED: "generated image set",
    UNTRAINED: "the same before training",
}


def run_tables(record: RunRecord) -> list[Table]:
    """The tables of a successful run: Table 5, 6 or 7 by its task, the errors of pairs of images, other distances."""
    sheet = _sheet(record)
    tables = [first_table(sheet)]
    tables += [_reconstruction(record)] if record.pair_scores(TEST, RECONSTRUCTED) else []
    tables += [_translation(record)] if any(translation_errors(record, label) for label in labels_of(record)) else []
    return [made_with(record, table) for table in (*tables, *other_tables(sheet))]


def _sheet(record: RunRecord) -> Sheet:
    labels = ("",) if record.task == "reconstruct" else labels_of(record)
    return Sheet(
        number=5 if record.task == "reconstruct" else 7 if record.task in TRANSLATES else 6,
        who=who(record),
        scored=record,
        made={label: _made(record, label) for label in labels},
        numbers=of_sets(record.protocol),
        options=record.protocol.options(IS_METRIC.name),
        notes=notes_of(record),
        short=(made_with_note(record),),
        protocol=record.protocol_id,
        extractor=record.protocol.extractor,
        words=WORDS,
    )


def _made(record: RunRecord, label: str) -> tuple[str, ...]:
    return (GENERATED, *([UNTRAINED] if record.set_scores(UNTRAINED, label) else []), NOISE)


def _reconstruction(record: RunRecord) -> Table:
    shown = {RECONSTRUCTED: "test images vs reconstructed", MEAN_IMAGE: "test images vs their mean image"}
    numbers = _errors(record)
    rows = error_rows(record, numbers, TEST, shown, "")
    return error_table("reconstruction", f"Reconstruction error. {who(record)}", numbers, rows)


def _translation(record: RunRecord) -> Table:
    name, numbers = record.protocol.translated, _errors(record)
    rows = [
        row
        for label in labels_of(record)
        for wanted in [shown_name(name, label)]
        for row in error_rows(
            record,
            numbers,
            name,
            {
                GENERATED: f"{wanted} vs {shown_name(GENERATED, label)}",
                INPUT: f"{wanted} vs the input as it is",
                MEAN_IMAGE: f"{wanted} vs their mean image",
            },
            label,
        )
    ]
    return error_table("translation", f"Translation error. {who(record)}", numbers, tuple(rows))


def _errors(record: RunRecord) -> tuple[Number, ...]:
    """The numbers of pairs of images, those that the comparison leaves out among them."""
    found = dict.fromkeys(one.metric.name for one in of_pairs_of_images(record.protocol))
    return tuple(Number(metric, one) for metric in all_declared(found) for one in metric.outputs)
