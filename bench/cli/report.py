"""One document of your runs, to hand in: HTML, PDF, LaTeX or a notebook."""

from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import echo, print_json, say
from bench.settings.reports import Reporting


@click.command(
    epilog=examples(
        "bench report runs/vae-digits-seed0",
        "bench report runs/vae-digits-seed0 runs/dcgan-digits-seed0 --for cis680-a4 -o report.pdf",
        "bench report results/runs/digits/3cad8c43eb34/dcgan-seed0.json --format latex",
    )
)
@click.argument("runs", nargs=-1, type=path_type, metavar="RUN...")
@options(Reporting)
@json_option
def command(runs: tuple[Path, ...], settings: dict[str, Any], as_json: bool) -> None:
    """Puts runs together as one document that needs nothing else.

    It has the architecture of each model (layers, shapes, parameters), its settings with their source, the curves, the
    pictures, the tables with intervals and how to read them, observations that follow from the numbers, what was not
    run, the exact commands and the environment, and what to cite.

    A RUN is its folder, a checkpoint in it, or the JSON of its record. Give several to compare them. With --for, the
    sections follow an assignment, and parts that no run answers are listed as not run: cis680-a4, ouc-a3, cis680-2017,
    csc413-a4, dtu, or a TOML file of your own. Without an output, it writes report.html.

    HTML opens offline and prints well. PDF needs `pip install "genbench[report]"`. LaTeX is a folder or a .zip with
    every figure as PDF, SVG and PNG; pdflatex makes the document. The notebook reads the runs again in its cells.

    JSON keys: title, authors, sections, tables, figures, format, path.
    """
    if settings["output"] is None and settings["format"] is None:
        settings["format"] = "html"
    made = bench.report(*runs, **settings)
    if as_json:
        print_json(made.as_dict())
        return
    echo(made.path)
    say(f"{len(made.tables)} tables and {len(made.figures)} figures")
