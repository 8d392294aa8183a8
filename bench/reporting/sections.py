"""A report, section by section: the runs in the order of an assignment or as they were named, what they have in common,
what was not run, how all of it was made, and what to cite."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench import __version__
from bench.reporting import pictures
from bench.reporting.architecture import architecture
from bench.reporting.assignments import Assignment, Moments, Part, placed
from bench.reporting.citations import bibtex, cited_by_runs
from bench.reporting.document import Block, Bullets, Code, Document, Figure, Heading, Paragraph
from bench.reporting.given import Given
from bench.reporting.observations import disagreements, observations
from bench.reporting.recipe import settings_table
from bench.reporting.reproducing import (
    command_of,
    environment_lines,
    not_measured,
    not_trained,
    told_data,
)
from bench.second_opinions.stored import tables_of
from bench.storage.families import Family, families, recipe_of
from bench.tables.comparison import comparison_tables
from bench.tables.seed_means import ONE_OF_SEVERAL, ONE_SEED
from bench.tables.seed_tables import seed_tables
from bench.tables.table import Table

READING = (
    "Numbers in brackets are 95 % intervals, and an arrow says which direction is better. The plain FID grows if there "
    "are few images; the corrected FID does not, and it is 0 on average for two sets of one kind, so it can be below "
    "0. Two numbers whose intervals overlap are not told apart. An interval says how much other images of the same "
    "model would change the number. How much another training would change it, only a mean over several seeds says. "
    "`real 1` and `real 2` are disjoint sets of real images, and the numbers in their row are as good as a number gets."
    " A best value is bold only where its interval overlaps with no other one."
)


def report_of(
    runs: Sequence[Given], assignment: Assignment | None, *, title: str, authors: str, again: Sequence[str]
) -> Document:
    """The report of these runs. `again` are the words of the command that makes it."""
    parts = placed(assignment, runs) if assignment else [(None, tuple(runs))]
    blocks = [*_parts(parts, runs), *_together(runs), *_not_run(parts, runs), *_made(runs, again), *_cited(runs)]
    return Document(title or _title(runs, assignment), authors, tuple(_named_apart(blocks)))


def _title(runs: Sequence[Given], assignment: Assignment | None) -> str:
    if assignment:
        return assignment.title
    if len(runs) == 1:
        return f"{runs[0].spec.title}: {runs[0].dataset}"
    return f"{len(runs)} runs on {', '.join(dict.fromkeys(run.dataset for run in runs))}"


def _parts(parts: Sequence[tuple[Part | None, tuple[Given, ...]]], runs: Sequence[Given]) -> Iterator[Block]:
    several = [recipe_of(family.first) for family in _families(runs)]
    answered = {id(run) for _, ones in parts for run in ones}
    for part, ones in parts:
        if part:
            yield Heading(part.title, 1)
            yield Paragraph(f"Asked: {part.asked}")
            if not ones:
                yield Paragraph("Not run: see below.")
        yield from _runs(part, ones, several)
    others = tuple(run for run in runs if id(run) not in answered)
    if others:
        yield Heading("Other runs", 1)
        yield from _runs(None, others, several)


def _runs(part: Part | None, runs: Sequence[Given], several: Sequence[object]) -> Iterator[Block]:
    """Runs one after the other; the layers of a model are shown once."""
    shown: set[object] = set()
    for run in runs:
        key = (run.spec.name, repr(run.config), run.shape)
        yield Heading(run.title, 2 if part else 1)
        of_seeds = ONE_OF_SEVERAL if any(recipe_of(one) in several for one in run.records) else ONE_SEED
        yield from run_blocks(run, part, of_seeds, networks=key not in shown)
        shown.add(key)


def run_blocks(run: Given, part: Part | None, of_seeds: str, *, networks: bool) -> Iterator[Block]:
    """Everything about one run; `of_seeds` says whether it is one of several seeds of its model."""
    told = [f"{run.spec.title} ({run.spec.source}).", *told_data(run, part.dataset if part else "")]
    yield Paragraph(" ".join(told))
    if networks:
        yield Heading("Architecture", 3)
        yield from architecture(run.spec, run.config, run.shape, len(run.classes))
    yield Heading("Settings", 3)
    yield settings_table(run)
    yield from _under("Training curves", pictures.curves(run))
    wanted = (part.moments if part else Moments()).of(pictures.film_steps(run))
    yield from _under("Over the training", pictures.moments(run, wanted))
    yield from _under("Results", pictures.last_pictures(run))
    tables = [table for record in run.records for table in tables_of(record, of_seeds)]
    if tables:
        yield Heading("Numbers", 3)
        yield from tables
    said = observations(run)
    if said:
        yield Heading("Observations", 3)
        yield Bullets(said)


def _families(runs: Sequence[Given]) -> list[Family]:
    """The models that several of these runs are seeds of."""
    return [family for family in families([record for run in runs for record in run.records]) if family.several]


def _under(title: str, figures: Iterator[Figure]) -> Iterator[Block]:
    found = list(figures)
    if found:
        yield Heading(title, 3)
        yield from found


def _together(runs: Sequence[Given]) -> Iterator[Block]:
    """What can be said of several runs at once, and how to read numbers."""
    records = [record for run in runs for record in run.records]
    if not records:
        return
    protocols = [record.protocol_id for record in records]
    several = [record for record in records if protocols.count(record.protocol_id) > 1]
    if several:
        yield Heading("Comparison", 1)
        yield from comparison_tables(several)
        yield from (table for family in _families(runs) for table in seed_tables(family))
        said = disagreements(runs)
        if said:
            yield Paragraph("Pairs of which each is better by some number, both differences being clear of 0:")
            yield Bullets(said)
        elif len(several) > 1:
            yield Paragraph(
                "In no pair of runs is each better by some number for sure: here the metrics agree about the order."
            )
    yield Heading("How to read the numbers", 1)
    yield Paragraph(READING)


def _not_run(parts: Sequence[tuple[Part | None, tuple[Given, ...]]], runs: Sequence[Given]) -> Iterator[Block]:
    yield Heading("What was not run", 1)
    found: list[str] = []
    for part, ones in parts:
        wanted = part.commands if part and not ones else (part.also if part else ())
        found += [f"{part.title}: `{command}`" for command in wanted] if part else []
    found += [line for run in runs for line in (*not_trained(run), *not_measured(run))]
    yield Bullets(tuple(found)) if found else Paragraph("Everything that was asked was run, with the whole recipes.")


def _made(runs: Sequence[Given], again: Sequence[str]) -> Iterator[Block]:
    yield Heading("How it was made", 1)
    commands = [*(command_of(run) for run in runs), shlex.join(again)]
    yield Code("\n".join((f"pip install genbench=={__version__}", *commands)), "sh")
    yield Bullets(environment_lines(runs))


def _cited(runs: Sequence[Given]) -> Iterator[Block]:
    yield Heading("References", 1)
    found = cited_by_runs(runs)
    yield Bullets(tuple(one.plain for one in found))
    yield Paragraph("The same as BibTeX:")
    yield Code(bibtex(found), "bibtex")


def _named_apart(blocks: Sequence[Block]) -> Iterator[Block]:
    """The same blocks, each table and figure with a name of its own."""
    counts: dict[str, int] = {}
    for block in blocks:
        if isinstance(block, Table | Figure):
            counts[block.name] = counts.get(block.name, 0) + 1
            number = counts[block.name]
            yield block if number == 1 else replace(block, name=f"{block.name}-{number}")
        else:
            yield block
