"""What was found as tables: a row for each number and count, a column for each check."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from bench.sanity_checks.checks import CHECKS
from bench.sanity_checks.damages import DAMAGES
from bench.sanity_checks.judging import DAMAGED_SPLITS, REAL_SPLITS
from bench.sanity_checks.measuring import Finding
from bench.sanity_checks.synthetic_measuring import Judged
from bench.storage.records import slug
from bench.tables.table import ARROWS, Cell, Column, Table

OF_IMAGES = (*DAMAGES, "mixed")  # what is done to each image; other checks choose among whole ones
RULE = (
    f"a number (passed) is the weakest strength from which on damage is told: all {DAMAGED_SPLITS} random splits of "
    f"damaged images are worse than all {REAL_SPLITS} of real against real. no: not even the strongest is told. "
    "better: damaged images get the better value. back: a stronger damage is told as better than a weaker one"
)
SAME = "same (passed): nothing moves. worse, better: it moves, and should not"
SEEN = (Column("metric", "Metric"), Column("n", "n"))
NUMBERS = (
    *(Column(key, key) for key in ("extractor", "metric", "key", "n", "check", "unit")),
    Column("strength", "strength", decimals=None),
    *(Column(key, key, decimals=None) for key in ("mean", "least", "most", "real_mean", "real_least", "real_most")),
    Column("told", "told"),
)


def tables_of(findings: Sequence[Finding], about: str) -> list[Table]:
    """For each extractor one table of damaged images, and one of sets that are wrong as a whole; then every number."""
    found = []
    for extractor, group in groupby(findings, key=lambda one: one.extractor):
        own = list(group)
        for name, title, of_images in (("images", "damaged images", True), ("sets", "sets of whole images", False)):
            chosen = [one for one in own if (one.check.name in OF_IMAGES) == of_images]
            if chosen:
                notes = (RULE,) if of_images else (RULE, SAME)
                found.append(
                    _matrix(f"{name}-{slug(extractor)}", f"{about}, {extractor}: {title}", chosen, notes, extractor)
                )
    return [*found, numbers(findings, about)]


def _matrix(name: str, title: str, found: Sequence[Finding], notes: tuple[str, ...], extractor: str) -> Table:
    checks = [name for name in CHECKS if any(one.check.name == name for one in found)]
    columns = (*SEEN, *(Column(one, one) for one in checks), Column("passed", "passed"))
    lines = {(one.output.name, one.n): one for one in found}
    order = sorted(lines, key=lambda key: [one.output.name for one in found].index(key[0]))
    rows = [_row(lines[key], checks, [one for one in found if (one.output.name, one.n) == key]) for key in order]
    strengths = f"strengths: {'; '.join(map(_strengths, checks))}"
    return Table(name, title, columns, tuple(rows), (strengths, *notes), "", extractor)


def _row(line: Finding, checks: Sequence[str], found: Sequence[Finding]) -> tuple[Cell, ...]:
    words = {one.check.name: one.curve.word for one in found}
    verdicts = [one.curve.passed for one in found if one.curve.passed is not None]
    title = line.output.title + ARROWS[line.output.better]
    passed = f"{sum(verdicts)} of {len(verdicts)}"
    return tuple(map(Cell, (title, line.n, *(words[one] or None for one in checks), passed)))


def _strengths(check: str) -> str:
    one = CHECKS[check]
    return f"{check}, {one.unit} {', '.join(f'{strength:g}' for strength in one.strengths)}"


def numbers(findings: Iterable[Finding], about: str) -> Table:
    """A row for each strength of each check: the mean, the least and the most of the splits, beside real against
    real."""
    rows = []
    for one in findings:
        for (strength, values), told in zip(one.curve.measured, one.curve.told, strict=True):
            words = (one.extractor, one.metric.name, one.output.name, one.n, one.check.name, one.check.unit, strength)
            cells: tuple[str | float | None, ...] = (*words, *_spread(values), *_spread(one.curve.real), told or None)
            rows.append(tuple(map(Cell, cells)))
    return Table("numbers", f"{about}: every number", NUMBERS, tuple(rows))


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return sum(values) / len(values), min(values), max(values)


# ----- synthetic data

ABOUT_SYNTHETIC = (
    "criteria for fidelity (Precision, Density) and variety (Recall, Coverage) by Räisä et al. 2025, arXiv 2505.22450; "
    "the criterion for other numbers is ours: both ends worse than where the distributions are equal"
)


def synthetic_tables(found: Sequence[Judged], n: int) -> list[Table]:
    """How many criteria of each check are passed by each number; then every criterion."""
    outputs = list(dict.fromkeys(one.output for one in found))
    titles = tuple(Column(one.name, one.title) for one in outputs)
    asked: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in found:
        if one.passed is not None:
            asked[one.check, one.output.name].append(one.passed)
    checks = list(dict.fromkeys(one.check for one in found))
    columns = [[asked[check, one.name] for check in checks] for one in outputs]
    short = [(Cell(check), *(_share(column[place]) for column in columns)) for place, check in enumerate(checks)]
    short.append((Cell("all criteria"), *(_share([one for each in column for one in each]) for column in columns)))
    short.append((Cell("whole checks"), *(_share([all(each) for each in column if each]) for column in columns)))
    title = f"synthetic data, {n:,} points a side"
    return [
        Table("synthetic", title, (Column("check", "Check"), *titles), tuple(short), (ABOUT_SYNTHETIC,)),
        _every_criterion(found, f"{title}: every criterion", titles),
    ]


def _every_criterion(found: Sequence[Judged], title: str, titles: tuple[Column, ...]) -> Table:
    lines: dict[tuple[str, ...], dict[str, Cell]] = defaultdict(dict)
    for one in found:
        word = Cell(None if one.passed is None else "pass" if one.passed else "fail")
        lines[one.check, one.scenario, one.criterion.name, one.criterion.about][one.output.name] = word
    rows = tuple((*map(Cell, line), *(cells.get(one.key, Cell()) for one in titles)) for line, cells in lines.items())
    words = tuple(Column(key, key) for key in ("check", "scenario", "criterion", "desideratum"))
    return Table("criteria", title, (*words, *titles), rows)


def _share(passed: Sequence[bool]) -> Cell:
    return Cell(f"{sum(passed)} of {len(passed)}" if passed else None)
