"""Options of what puts results together for others to read."""

from pathlib import Path
from typing import Annotated, TypedDict

from bench.options import Option
from bench.settings import shared


class Reporting(TypedDict, total=False):
    """The keywords of `report`."""

    output: Annotated[
        Path | None,
        Option("A new file; of LaTeX a new folder, or a name that ends in .zip.", letter="-o", metavar="PATH"),
    ]
    format: Annotated[
        str | None, Option("html, pdf, latex or notebook.  [default: by the name of the output]", metavar="KIND")
    ]
    assignment: Annotated[
        str | None, Option("In the order of an assignment: a name, or a TOML file.", flag="--for", metavar="NAME")
    ]
    title: Annotated[str, Option("Title.  [default: of the assignment, or of the runs]", "", metavar="TEXT")]
    authors: Annotated[str, Option("Who hands it in.", "", metavar="TEXT")]
    figure_scale: Annotated[float, Option("Size of the figures on paper; 0.5 is half of the text's width.", 1.0)]
    results: Annotated[Path, shared.results]
    workdir: Annotated[Path, Option("Folder of runs/, where records find theirs.  [default: this folder]", Path())]
    force: Annotated[bool, shared.force]
