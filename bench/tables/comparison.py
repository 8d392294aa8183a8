"""Several runs in one table, by their corrected FID, between real 2 and noise.

Only records of one protocol and domain share a table.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from bench.measuring.evaluation import GENERATED, NOISE, REAL_1, REAL_2
from bench.storage.records import RunRecord, slug
from bench.tables.columns import Number, of_pairs_of_images, of_sets
from bench.tables.notes import budget_note, made_with_note, run_bias_note
from bench.tables.of_record import image_errors, labels_of, made_with, scores_of, who
from bench.tables.set_tables import fid_cells, shown_name
from bench.tables.table import Cell, Column, Table, mark_best


def comparison_tables(records: Sequence[RunRecord]) -> list[Table]:
    """One table per protocol and domain: real 2, every successful run by its FID, and noise.

    The best run is marked only where its interval overlaps with no other one's.
    """
    key = lambda record: (record.dataset, record.protocol_id)  # noqa: E731, used twice
    good = sorted((record for record in records if record.status == "ok"), key=key)
    return [
        _comparison(list(runs), label)
        for group in (list(together) for _, together in groupby(good, key))
        for label in dict.fromkeys(label for record in group for label in labels_of(record))
        for runs in [[record for record in group if record.pair_scores(REAL_1, GENERATED, label)]]
    ]


def _comparison(runs: list[RunRecord], label: str) -> Table:
    first = runs[0]
    runs = sorted(runs, key=lambda record: _rank_value(record, label))
    numbers = of_sets(first.protocol)
    errors = of_pairs_of_images(first.protocol)
    compared = partial(_compared, numbers=numbers, errors=errors, label=label)
    apart = _told_apart(runs)
    rows = [
        compared(first, REAL_2, shown_name(REAL_2, label), None),
        *(compared(one, GENERATED, one.title + made, _steps(one)) for one, made in zip(runs, apart, strict=True)),
        compared(first, NOISE, shown_name(NOISE, label), None),
    ]
    columns = (
        Column("what", "Against real 1"),
        Column("steps", "Steps"),
        *(one.column for one in numbers),
        *(replace(one.column, shown="fills") for one in errors),
    )
    where = f"{first.dataset} {label}".strip()
    short = [f"{who(one)}{made}: {budget_note(one)}" for one, made in zip(runs, apart, strict=True)]
    notes = (made_with_note(first), run_bias_note(first), *short)
    table = Table(
        "comparison" + (f"-{slug(label)}" if label else ""), f"Models on {where}", columns, tuple(rows), notes
    )
    return mark_best(made_with(first, table), range(1, len(runs) + 1))


def _told_apart(runs: list[RunRecord]) -> list[str]:
    """When each run was made, where another has its title: a user may train what is published too."""
    counts = Counter(one.title for one in runs)
    return [f", made {one.created_utc}" if counts[one.title] > 1 else "" for one in runs]


def _rank_value(record: RunRecord, label: str) -> float:
    """The corrected FID; last where there is none."""
    value = fid_cells(record, GENERATED, label)[1].value
    return float("inf") if value is None else float(value)


def _compared(
    record: RunRecord,
    name: str,
    shown: str,
    steps: int | None,
    *,
    numbers: Sequence[Number],
    errors: Sequence[Number],
    label: str,
) -> tuple[Cell, ...]:
    scores = scores_of(record, label, name)
    error = image_errors(record, label) if name == GENERATED else {}
    return (
        *(Cell(shown), Cell(steps)),
        *(number.cell(scores) for number in numbers),
        *(number.cell(error) for number in errors),
    )


def _steps(record: RunRecord) -> int | None:
    return record.training.steps if record.training else None
