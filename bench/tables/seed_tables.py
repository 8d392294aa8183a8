"""The tables of one model that was trained with several seeds: its means, and each seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bench.storage.families import Family
from bench.storage.records import Numbers, RunRecord
from bench.tables.columns import Number, of_pairs_of_images, of_sets
from bench.tables.notes import budget_note, made_with_note
from bench.tables.of_record import image_errors, labels_of, made_with, scores_of
from bench.tables.seed_means import (
    BETWEEN,
    COVERS,
    ONE_SEED,
    SHARE,
    between_cell,
    mean_cell,
    sampling_cell,
    seed_mean,
)
from bench.tables.table import ARROWS, Cell, Column, Table, decimals_of
from metrics.arithmetic.training_seeds import SeedMean

NONE_CHOSEN = "the score of the model is the mean over all of them; none is chosen"


def seed_tables(family: Family) -> list[Table]:
    """The means over the seeds of a model, and a row for each seed."""
    return [_means(family), made_with(family.first, _each(family))]


def seeds_in_words(seeds: Sequence[int]) -> str:
    """`0 to 4`, or `0, 3 and 7`."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return " and ".join(filter(None, (", ".join(map(str, seeds[:-1])), str(seeds[-1]))))


def failed_notes(family: Family) -> list[str]:
    """A line for each seed that is not in the mean, because its run failed."""
    return [f"{family.title}: seed {seed} failed and is in no mean: {why}" for seed, why in family.failed.items()]


def _means(family: Family) -> Table:
    columns = (
        Column("score", "Score"),
        Column("mean", "Mean over seeds [95 %]", interval=True),
        Column("spread", "Standard deviation"),
        Column("between", "Spread between seeds [95 %]", interval=True),
        Column("sampling", "Sampling error"),
        Column("seeds", "Seeds"),
    )
    rows = tuple(_row(title, number, mean) for title, number, mean in _numbers(family))
    first = family.first
    count = "one training seed" if not family.several else f"mean over {len(family.records)} training seeds"
    failed = f", of {family.tried} tried" if family.failed else ""
    title = f"{family.title} on {first.dataset}: {count} ({seeds_in_words(family.seeds)}{failed})"
    notes = (COVERS, BETWEEN, SHARE) if family.several else (ONE_SEED,)
    notes = (*notes, *failed_notes(family), made_with_note(first))
    return Table("seeds", title, columns, rows, notes, first.protocol_id, first.protocol.extractor)


def _numbers(family: Family) -> Iterator[tuple[str, Number, SeedMean]]:
    """All numbers of the generated images over the seeds, with their titles."""
    for label in labels_of(family.first):
        for number, scores in _scores(family, label):
            mean = seed_mean(number, scores)
            if mean:
                yield f"{number.output.title} {label}".rstrip() + ARROWS[number.output.better], number, mean


def _scores(family: Family, label: str) -> Iterator[tuple[Number, list[Mapping[str, Numbers]]]]:
    protocol = family.first.protocol
    for number in of_sets(protocol):
        yield number, [scores_of(one, label) for one in family.records]
    for number in of_pairs_of_images(protocol):
        yield number, [image_errors(one, label) for one in family.records]


def _row(title: str, number: Number, mean: SeedMean) -> tuple[Cell, ...]:
    places = decimals_of([mean_cell(mean)]) if mean.spread else number.output.decimals
    spread = Cell(mean.spread, decimals=places)
    cells = (mean_cell(mean, places), spread, between_cell(mean, places), sampling_cell(mean, places))
    return (Cell(title), *cells, Cell(mean.count))


def _each(family: Family) -> Table:
    first = family.first
    labels = labels_of(first)
    numbers = [(label, one) for label in labels for one in of_sets(first.protocol)]
    errors = [(label, one) for label in labels for one in of_pairs_of_images(first.protocol)]
    columns = (
        Column("seed", "Seed", decimals=0),
        Column("steps", "Steps", decimals=0),
        *(_column(label, one) for label, one in numbers),
        *(replace(_column(label, one), shown="fills") for label, one in errors),
    )

    def row(record: RunRecord) -> tuple[Cell, ...]:
        cells = (one.cell(scores_of(record, label)) for label, one in numbers)
        more = (one.cell(image_errors(record, label)) for label, one in errors)
        return (Cell(record.seed), Cell(record.training.steps if record.training else None), *cells, *more)

    rows = tuple(map(row, family.records))
    notes = (NONE_CHOSEN, *(f"seed {one.seed}: {budget_note(one)}" for one in family.records))
    return Table("each-seed", f"{family.title} on {first.dataset}: each seed", columns, rows, notes)


def _column(label: str, number: Number) -> Column:
    column = number.column
    return replace(column, key=f"{column.key}_{label}", title=f"{label} {column.title}") if label else column
