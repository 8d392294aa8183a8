"""The tables of runs: Tables 5, 6 and 7 of the CIS 680 assignment 4 for one run, and one that compares several.

Only records of one protocol share a table. FID stands there as the plain value, which papers print, and as the
corrected one with its 95 % interval; the Inception Score likewise.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from bench import registry
from bench.measuring.declared import all_declared
from bench.measuring.dependence import NOT_INDEPENDENT
from bench.measuring.evaluation import (
    GENERATED,
    INPUT,
    MEAN_IMAGE,
    NOISE,
    REAL_1,
    REAL_2,
    RECONSTRUCTED,
    TEST,
    UNTRAINED,
)
from bench.protocol import Protocol, titled
from bench.storage.records import Numbers, RunRecord, slug
from bench.tables.columns import Number, of_pairs_of_images, of_sets
from bench.tables.table import Cell, Column, Table, aligned, mark_best
from metrics.fid import METRIC as FID_METRIC
from metrics.inception_score import METRIC as IS_METRIC

TRANSLATES = ("paired", "unpaired")
# What Tables 5, 6 and 7 show; all other numbers are found by what their metrics declare.
FID = tuple(Number(FID_METRIC, FID_METRIC.output(key)) for key in ("fid", "fid_corrected"))
IS = tuple(Number(IS_METRIC, IS_METRIC.output(key)) for key in ("inception_score", "inception_score_corrected"))
FID_COLUMNS = tuple(one.column for one in FID)
ERROR_NOTE = "means over all pairs of images, as vectors in [0, 1]; an image counts at most 100 dB"
COMPLETE = 0.999  # the last step of an epoch may be a part of one


# ----- one run


def run_tables(record: RunRecord) -> list[Table]:
    """The tables of a successful run: Table 5, 6 or 7 by its task, the errors of pairs of images, other distances."""
    tables = [_table_5(record)] if record.task == "reconstruct" else [_sets_and_pairs(record)]
    tables += [_reconstruction(record)] if record.pair_scores(TEST, RECONSTRUCTED) else []
    tables += [_translation(record)] if any(_translated(record, label) for label in _labels(record)) else []
    return [_of(record, table) for table in (*tables, _distances(record), *_other_scores(record))]


def _of(record: RunRecord, table: Table) -> Table:
    """The table as it is shown, with what the record was made with."""
    return replace(aligned(table), protocol=record.protocol_id, extractor=record.protocol.extractor)


def _table_5(record: RunRecord) -> Table:
    shown = {
        REAL_1: "real image set",
        REAL_2: "real image set 2",
        GENERATED: "generated image set",
        UNTRAINED: "the same before training",
        NOISE: NOISE,
    }
    rows = [
        (Cell(words), *_is_cells(record, name, ""), *_fid_cells(record, REAL_1, name, ""))
        for name, words in shown.items()
        if name != UNTRAINED or record.set_scores(UNTRAINED)
    ]
    fid = (replace(FID_COLUMNS[0], title="FID to the real set"), FID_COLUMNS[1])
    columns = (Column("set", "Image set"), *is_columns(record.protocol), *fid)
    return Table("table-5", f"Table 5. {_who(record)}", columns, tuple(rows), _notes(record))


def _sets_and_pairs(record: RunRecord) -> Table:
    """Table 6, or Table 7 with a block of rows for each domain."""
    rows = []
    for label in _labels(record):
        known = record.set_scores(UNTRAINED, label)
        made = [(name, name) for name in (GENERATED, *([UNTRAINED] if known else []), NOISE)]
        # Table 7 has no row of real 1 against itself
        lines = [*([(REAL_2, REAL_1)] if record.task in TRANSLATES else [(REAL_1, REAL_1), (REAL_2, REAL_2)]), *made]
        for other, name in lines:
            pair = Cell(f"{_shown(REAL_1, label)} vs {_shown(other, label)}")
            rows.append(
                (
                    pair,
                    *_fid_cells(record, REAL_1, other, label),
                    Cell(_shown(name, label)),
                    *_is_cells(record, name, label),
                )
            )
    number = 7 if record.task in TRANSLATES else 6
    sets = (Column("set", "Image set"), *is_columns(record.protocol))
    columns = (Column("pair", "Image set pair"), *FID_COLUMNS, *sets)
    return Table(f"table-{number}", f"Table {number}. {_who(record)}", columns, tuple(rows), _notes(record))


def _reconstruction(record: RunRecord) -> Table:
    shown = {RECONSTRUCTED: "test images vs reconstructed", MEAN_IMAGE: "test images vs their mean image"}
    rows = _error_rows(record, TEST, shown, "")
    return Table("reconstruction", f"Reconstruction error. {_who(record)}", _error_columns(record), rows, (ERROR_NOTE,))


def _translation(record: RunRecord) -> Table:
    rows: list[tuple[Cell, ...]] = []
    name = record.protocol.translated
    for label in _labels(record):
        wanted = _shown(name, label)
        shown = {
            GENERATED: f"{wanted} vs {_shown(GENERATED, label)}",
            INPUT: f"{wanted} vs the input as it is",
            MEAN_IMAGE: f"{wanted} vs their mean image",
        }
        rows += _error_rows(record, name, shown, label)
    title = f"Translation error. {_who(record)}"
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
    for label in _labels(record):
        for name in (REAL_2, GENERATED, UNTRAINED, NOISE):
            pair = record.pair_scores(REAL_1, name, label)
            if pair:
                words = f"{_shown(REAL_1, label)} vs {_shown(name, label)}"
                rows.append((Cell(words), *(one.cell(pair.scores) for one in numbers)))
    columns = (Column("pair", "Image set pair"), *(one.column for one in numbers))
    return Table("distances", f"Other distances. {_who(record)}", columns, tuple(rows), (_extractor_note(record),))


def _other_scores(record: RunRecord) -> list[Table]:
    """What is known of every set beside the Inception Score; no table where that is nothing."""
    numbers = _others(record, "set")
    if not numbers:
        return []
    rows = tuple(
        (Cell(_shown(one.name, one.domain)), *(number.cell(one.scores) for number in numbers)) for one in record.sets
    )
    columns = (Column("set", "Image set"), *(one.column for one in numbers))
    return [Table("scores", f"Other scores. {_who(record)}", columns, rows, (_extractor_note(record),))]


def _others(record: RunRecord, arity: str) -> list[Number]:
    """The numbers of sets or pairs that Tables 5, 6 and 7 do not have."""
    found = [one for one in of_sets(record.protocol) if one.metric.arity == arity]
    return [one for one in found if one.metric not in (FID_METRIC, IS_METRIC)]


def _who(record: RunRecord) -> str:
    return ", ".join((f"{record.model} on {record.dataset}", *record.changes, f"seed {record.seed}"))


def _labels(record: RunRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.domain for one in record.sets))


def _shown(name: str, label: str) -> str:
    """`real 1` of the domain edges is `real edges 1`, as Table 7 writes it."""
    if not label:
        return name
    word, _, number = name.partition(" ")
    return " ".join(filter(None, (word, label, number)))


def is_columns(protocol: Protocol) -> tuple[Column, Column]:
    """The Inception Score in the protocol's splits, and the corrected one, which has none."""
    plain, corrected = IS
    title = titled(plain.output, protocol.options(IS_METRIC.name))
    return replace(plain.column, title=title), replace(corrected.column, title="corrected [95 %]")


def _fid_cells(record: RunRecord, a: str, b: str, label: str) -> tuple[Cell, Cell]:
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


# ----- what stands under them


def _notes(record: RunRecord) -> tuple[str, ...]:
    found = [_budget_note(record), _extractor_note(record), _bias_note(record)]
    if not record.protocol.logits:
        found.append(f"no Inception Score: {record.protocol.extractor} is not a classifier")
    found += [*_translation_note(record), *_split_note(record)]
    kept = [one for one in record.warnings if one.startswith("weights ") or NOT_INDEPENDENT in one]
    return tuple(found + kept)


def _translation_note(record: RunRecord) -> list[str]:
    """What was translated, where partners of it exist: they must not be what the translations are compared with."""
    if not any(_translated(record, label) for label in _labels(record)):
        return []
    if record.protocol.translated == REAL_1:
        return [
            "NOT independent: the generated images are translations of the partners of real 1, so their FID and "
            "KID are too low and the intervals are wrong; `bench evaluate` measures them by the current protocol"
        ]
    return [f"the generated images are translations of {record.protocol.translated}, whose partners are not in real 1"]


def _split_note(record: RunRecord) -> list[str]:
    train = [one for one in record.protocol.real if one.split != "test"]
    if not train:
        return []
    name, split = train[0].name, train[0].split
    seen = ", and a model that repeats its training images scores too well" if name == REAL_1 else ""
    return [f"{name} is from the {split} split, because the test split has too few images for two sets{seen}"]


def _budget_note(record: RunRecord) -> str:
    done = record.training
    if done is None:
        return "budget: not known, because the checkpoint has no training.json"
    where = record.environment.gpu or f"{record.environment.cores} cores of {record.environment.cpu}"
    device = f" on {where}" if done.device else ""
    took = f"{done.steps:,} steps ({done.epochs:,.4g} epochs) in {_duration(done.seconds)}{device}"
    changes = ", ".join(record.changes)
    changed = f"; changed settings: {changes}" if changes else ""
    if done.epochs < done.full_epochs * COMPLETE:
        share = f"{100 * done.epochs / done.full_epochs:.2g} %"
        return f"budget: {took}, {share} of the recipe's {done.full_epochs:,.4g} epochs: NOT the full recipe{changed}"
    return f"budget: {took}, {'as long as ' if changes else ''}the full recipe{changed}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _extractor_note(record: RunRecord) -> str:
    return extractor_note(record.protocol, f"protocol {record.protocol_id}")


def _bias_note(record: RunRecord) -> str:
    return bias_note(record.protocol, min(one.count for one in record.sets))


def extractor_note(protocol: Protocol, which: str) -> str:
    """What the numbers of a table are made with."""
    known = registry.load("extractors", protocol.extractor).is_inception
    apart = "" if known else ", NOT Inception: compare only with numbers of this protocol"
    return f"features: {protocol.extractor}, resize {protocol.resize}{apart} ({which})"


def bias_note(protocol: Protocol, count: int) -> str:
    """How to read two FIDs of so many images per set."""
    width = registry.load("extractors", protocol.extractor).taps[protocol.pool]
    share = "is mostly bias" if count <= width else "is biased upwards"
    return (
        f"[ ] are 95 % intervals. With {count:,} images per set and {width:,} features the plain FID {share}: with "
        "unlimited images, real 1 against real 2 would be 0. The corrected value has no such bias, and it can be "
        "below 0. Noise is uniform random pixels. Real 1 against itself is always 0"
    )


# ----- several runs


def comparison_tables(records: Sequence[RunRecord]) -> list[Table]:
    """One table per protocol and domain: real 2, every successful run by its FID, and noise.

    The best run is marked only where its interval overlaps with no other one's.
    """
    key = lambda record: (record.dataset, record.protocol_id)  # noqa: E731, used twice
    good = sorted((record for record in records if record.status == "ok"), key=key)
    return [
        _comparison(list(runs), label)
        for group in (list(together) for _, together in groupby(good, key))
        for label in dict.fromkeys(label for record in group for label in _labels(record))
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
        compared(first, REAL_2, _shown(REAL_2, label), None),
        *(compared(one, GENERATED, one.title + made, _steps(one)) for one, made in zip(runs, apart, strict=True)),
        compared(first, NOISE, _shown(NOISE, label), None),
    ]
    columns = (
        Column("what", "Against real 1"),
        Column("steps", "Steps"),
        *(one.column for one in numbers),
        *(replace(one.column, shown="fills") for one in errors),
    )
    where = f"{first.dataset} {label}".strip()
    short = [f"{_who(one)}{made}: {_budget_note(one)}" for one, made in zip(runs, apart, strict=True)]
    notes = (_extractor_note(first), _bias_note(first), *short)
    table = Table(
        "comparison" + (f"-{slug(label)}" if label else ""), f"Models on {where}", columns, tuple(rows), notes
    )
    return mark_best(_of(first, table), range(1, len(runs) + 1))


def _told_apart(runs: list[RunRecord]) -> list[str]:
    """When each run was made, where another has its title: a user may train what is published too."""
    counts = Counter(one.title for one in runs)
    return [f", made {one.created_utc}" if counts[one.title] > 1 else "" for one in runs]


def _rank_value(record: RunRecord, label: str) -> float:
    """The corrected FID; last where there is none."""
    value = _fid_cells(record, REAL_1, GENERATED, label)[1].value
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
    pair, one = record.pair_scores(REAL_1, name, label), record.set_scores(name, label)
    scores = {**(pair.scores if pair else {}), **(one.scores if one else {})}
    error = _error_of(record, label) if name == GENERATED else {}
    return (
        *(Cell(shown), Cell(steps)),
        *(number.cell(scores) for number in numbers),
        *(number.cell(error) for number in errors),
    )


def _error_of(record: RunRecord, label: str) -> Mapping[str, Numbers]:
    """The paired errors of a run, by metric: of its reconstructions, or of its translations where there are pairs."""
    test = record.pair_scores(TEST, RECONSTRUCTED)
    return test.scores if test else _translated(record, label)


def _translated(record: RunRecord, label: str) -> Mapping[str, Numbers]:
    """The paired errors of the translations of a domain; {} where they have no partners."""
    pair = record.pair_scores(record.protocol.translated, GENERATED, label)
    by_image = {one.metric.name for one in of_pairs_of_images(record.protocol)}
    return {name: one for name, one in pair.scores.items() if name in by_image} if pair else {}


def _steps(record: RunRecord) -> int | None:
    return record.training.steps if record.training else None
