"""What a person hands in: `report` puts runs together as one document, `cite` says what to cite."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bench.options import checked, known
from bench.settings.reports import Reporting
from bench.storage.result_places import OWN, results_folder
from genbench.places import expanded
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.options import place, text

if TYPE_CHECKING:
    from bench.reporting.citations import Citations, Reference
    from bench.reporting.document import Block, Document, Figure
    from bench.tables.table import Table

AGAIN = ("assignment", "title", "authors", "figure_scale", "results", "workdir")  # keywords that make a report again


@dataclass(frozen=True)
class Report:
    """A report as a value, and the file that it was written to, if it was.

    `report["table-5"]` is a table or a figure by its name; both show themselves in a notebook.
    """

    document: "Document"
    path: Path | None = None
    format: str = ""
    figure_scale: float = 1.0

    @property
    def tables(self) -> "tuple[Table, ...]":
        """Its tables in order."""
        return self.document.tables

    @property
    def figures(self) -> "tuple[Figure, ...]":
        """Its figures in order."""
        return self.document.figures

    def __getitem__(self, name: str) -> "Table | Figure":
        found: dict[str, Table | Figure] = {one.name: one for one in self.tables}
        found |= {one.name: one for one in self.figures}
        if name not in found:
            raise KeyError(f"no {name!r} in this report; there are: {', '.join(found)}")
        return found[name]

    def __iter__(self) -> "Iterator[Block]":
        return iter(self.document.blocks)

    def as_dict(self) -> dict[str, Any]:
        """Title, sections, tables with their values, figures and file, as JSON values."""
        from bench.reporting.document import Heading
        from bench.tables.table import json_values

        return {
            "title": self.document.title,
            "authors": self.document.authors,
            "sections": [one.text for one in self if isinstance(one, Heading) and one.level == 1],
            "tables": list(map(json_values, self.tables)),
            "figures": [{"name": one.name, "caption": one.caption} for one in self.figures],
            "format": self.format or None,
            "path": None if self.path is None else str(self.path),
        }

    def __repr__(self) -> str:
        return f"Report({self.document.title!r}: {len(self.tables)} tables, {len(self.figures)} figures)"

    def _repr_html_(self) -> str:
        from bench.reporting.html import html_report

        return html_report(self.document, self.figure_scale).decode()


@numpy_defaults()
def report(*runs: str | Path, **keywords: Unpack[Reporting]) -> Report:
    """One document of runs: architecture, settings with their source, curves, pictures, tables with intervals,
    observations that follow from numbers, what was not run, commands, environment and citations.

    Each run is its folder, a checkpoint in it, or the JSON of its record. Without `output` and `format` nothing is
    written, and the report is the value alone. Raises InputError for what is no run, one that failed or did not finish,
    runs of which none answers a part of the assignment, and an output that is there already.
    """
    from bench.reporting.assignments import open_assignment
    from bench.reporting.given import open_given
    from bench.reporting.sections import report_of
    from bench.reporting.writing import check_place, check_scale, chosen, write

    how = checked(Reporting, keywords)
    scale = check_scale(how["figure_scale"])
    named = [expanded(place(one, "a run")) for one in runs]
    assignment = open_assignment(how["assignment"]) if how["assignment"] else None
    target = chosen(how["output"], how["format"]) if how["output"] or how["format"] else None
    if target:
        check_place(*target, how["force"])
    opened = open_given(named, how["results"], how["workdir"])
    words = _words(runs, how, target)
    document = report_of(opened, assignment, title=how["title"], authors=how["authors"], again=words)
    if target is None:
        return Report(document, figure_scale=scale)
    given: dict[str, Any] = {**how}
    again = {name: given[name] for name in AGAIN if given[name] != known(Reporting)[name].option.default}
    write(document, *target, scale, named, again)
    return Report(document, *target, figure_scale=scale)


def cite(*names: str | Path, results: str | Path = OWN) -> "Citations":
    """BibTeX of the papers behind runs, models, metrics, data sets and extractors, each once; `str` of it is the text.

    InputError where nothing has a name.
    """
    from bench.reporting.citations import Citations, cited_by_name, cited_by_runs, each_once
    from bench.reporting.given import open_given

    if not names:
        raise InputError("nothing to cite: name a run, a model, a metric, a data set or an extractor")
    found: list[Reference] = []
    below = results_folder(results)
    for name in names:
        path = expanded(place(name, "a name"))
        if path.exists():
            found += cited_by_runs(open_given([path], below, Path()))
        else:
            found += cited_by_name(text(str(name), "a name"))
    return Citations(each_once(found))


def _words(runs: tuple[str | Path, ...], how: Any, target: Any) -> list[str]:
    """The command that makes the report."""
    words = ["bench", "report", *map(str, runs)]
    words += ["--for", how["assignment"]] if how["assignment"] else []
    words += ["--results", str(how["results"])] if how["results"] != OWN else []
    words += ["--figure-scale", f"{how['figure_scale']:g}"] if how["figure_scale"] != 1 else []
    return [*words, *(["-o", str(target[0]), "--format", target[1]] if target else [])]
