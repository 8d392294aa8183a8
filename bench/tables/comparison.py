"""Several runs in one table, by their corrected FID, between real 2 and noise.

Only records of one protocol and domain share a table. A model that was trained with several seeds has one row, the mean
over them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bench.measuring.evaluation import GENERATED, NOISE, REAL_1, REAL_2
from bench.storage.families import Family, families, recipe_of
from bench.storage.records import RunRecord, slug
from bench.tables.columns import RANKED_BY, Number, of_pairs_of_images, of_sets
from bench.tables.notes import budget_note, made_with_note, run_bias_note
from bench.tables.of_record import image_errors, labels_of, made_with, scores_of, who
from bench.tables.seed_means import BETWEEN, COVERS, SHARE, between_cell, mean_cell, sampling_cell, seed_mean
from bench.tables.seed_tables import failed_notes, seeds_in_words
from bench.tables.set_tables import fid_cells, shown_name
from bench.tables.table import Cell, Column, Table, mark_best

MIXED = "no best one is marked: of models with one seed the spread between seeds is not known"
SEED_COLUMNS = (
    Column("seeds", "Seeds", decimals=0),
    Column("between", "Spread between seeds [95 %]", decimals=None, interval=True),
    Column("sampling", "Sampling error", decimals=None),
)


@dataclass(frozen=True)
class Row:
    """A model between the landmarks: what it is sorted by, its cells, those of `SEED_COLUMNS`, what is said of it."""

    value: float
    cells: tuple[Cell, ...]
    of_seeds: tuple[Cell, ...]
    notes: tuple[str, ...]


def comparison_tables(records: Sequence[RunRecord]) -> list[Table]:
    """One table per protocol and domain: real 2, every model by its FID, and noise.

    The best one is marked only where its interval overlaps with no other one's. Failed records say which seeds of a
    model are in no mean.
    """
    key = lambda record: (record.dataset, record.protocol_id)  # noqa: E731, used twice
    sets = [list(together) for _, together in groupby(sorted(records, key=key), key)]
    tables = []
    for group in sets:
        good = [record for record in group if record.status == "ok"]
        failed = [record for record in group if record.status != "ok"]
        for label in dict.fromkeys(label for record in good for label in labels_of(record)):
            runs = [record for record in good if record.pair_scores(REAL_1, GENERATED, label)]
            tables.append(_comparison(runs, failed, label))
    return tables


def _comparison(runs: list[RunRecord], failed: list[RunRecord], label: str) -> Table:
    first = runs[0]
    numbers, errors = of_sets(first.protocol), of_pairs_of_images(first.protocol)
    several = [family for family in families([*runs, *failed]) if family.several]
    known = [recipe_of(family.first) for family in several]
    alone = sorted((one for one in runs if recipe_of(one) not in known), key=lambda one: _rank_value(one, label))
    rows = [_of_run(one, made, label) for one, made in zip(alone, _told_apart(alone), strict=True)]
    rows = sorted([*rows, *(_of_family(one, label) for one in several)], key=lambda row: row.value)
    added = SEED_COLUMNS if several else ()
    columns = (
        Column("what", "Against real 1"),
        Column("steps", "Steps"),
        *added,
        *(one.column for one in numbers),
        *(replace(one.column, shown="fills") for one in errors),
    )
    best, worst = (_of_landmark(first, name, label) for name in (REAL_2, NOISE))
    cells = [(*row.cells[:2], *(row.of_seeds if added else ()), *row.cells[2:]) for row in (best, *rows, worst)]
    notes = (made_with_note(first), run_bias_note(first))
    notes += ((COVERS, BETWEEN, SHARE, *((MIXED,) if alone else ())) if several else ()) + tuple(
        note for row in rows for note in row.notes
    )
    where = f"{first.dataset} {label}".strip()
    name = "comparison" + (f"-{slug(label)}" if label else "")
    table = made_with(first, Table(name, f"Models on {where}", columns, tuple(cells), notes))
    return table if several and alone else mark_best(table, range(1, len(rows) + 1))


def _of_landmark(record: RunRecord, name: str, label: str) -> Row:
    """Real images or noise, which have no seeds."""
    cells = _cells(record, name, label, shown_name(name, label), None)
    return Row(float("nan"), cells, tuple(Cell() for _ in SEED_COLUMNS), ())


def _of_run(record: RunRecord, made: str, label: str) -> Row:
    ranked = seed_mean(_ranked(record), [scores_of(record, label)])
    return Row(
        _rank_value(record, label),
        _cells(record, GENERATED, label, record.title + made, record.training.steps if record.training else None),
        (Cell(1), Cell(), sampling_cell(ranked)),
        (f"{who(record)}{made}: {budget_note(record)}",),
    )


def _of_family(family: Family, label: str) -> Row:
    """The means over the seeds, each with its t-interval where the column has room for one."""
    records, protocol = family.records, family.first.protocol
    scores, errors = ([found(one, label) for one in records] for found in (scores_of, image_errors))
    means = [(number, seed_mean(number, scores)) for number in of_sets(protocol)]
    means += [(number, seed_mean(number, errors)) for number in of_pairs_of_images(protocol)]
    cells = [mean_cell(mean) if number.column.interval else replace(mean_cell(mean), low=None, high=None)
             for number, mean in means]  # fmt: skip
    ranked = seed_mean(_ranked(family.first), scores)
    steps = {one.training.steps for one in records if one.training}
    said = f"{family.title} on {family.first.dataset}, seeds {seeds_in_words(family.seeds)}"
    return Row(
        ranked.mean if ranked else float("inf"),
        (Cell(f"{family.title}, mean"), Cell(steps.pop() if len(steps) == 1 else None), *cells),
        (Cell(len(records)), between_cell(ranked), sampling_cell(ranked)),
        (f"{said}: {budget_note(family.first)}", *failed_notes(family)),
    )


def _ranked(record: RunRecord) -> Number:
    """The number that models are sorted by, and whose spread stands beside it."""
    return next(one for one in of_sets(record.protocol) if one.key == RANKED_BY)


def _told_apart(runs: list[RunRecord]) -> list[str]:
    """When each run was made, where another has its title: a user may train what is published too."""
    counts = Counter(one.title for one in runs)
    return [f", made {one.created_utc}" if counts[one.title] > 1 else "" for one in runs]


def _rank_value(record: RunRecord, label: str) -> float:
    """The corrected FID; last where there is none."""
    value = fid_cells(record, GENERATED, label)[1].value
    return float("inf") if value is None else float(value)


def _cells(record: RunRecord, name: str, label: str, shown: str, steps: int | None) -> tuple[Cell, ...]:
    scores = scores_of(record, label, name)
    error = image_errors(record, label) if name == GENERATED else {}
    return (
        *(Cell(shown), Cell(steps)),
        *(number.cell(scores) for number in of_sets(record.protocol)),
        *(number.cell(error) for number in of_pairs_of_images(record.protocol)),
    )
