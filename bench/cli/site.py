"""The leaderboard as pages: static files that open from a folder as well as from any web host."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import echo, print_json, say
from bench.cli._running import force_option, results_option
from bench.settings.boards import SiteSettings

EXAMPLES = (
    "bench site -o site",
    "bench site -o public/leaderboard --results results --force",
    'bench site -o class --title "CIS 680, spring" --source https://example.org/class/results --licence "CC BY 4.0"',
)


@click.command(epilog=examples(*EXAMPLES))
@click.option("-o", "--output", type=path_type, required=True, metavar="DIR", help="The folder of the site.")
@results_option
@options(SiteSettings)
@force_option
@json_option
def command(output: Path, results: Path, settings: dict[str, Any], force: bool, as_json: bool) -> None:
    """Writes the leaderboard below --results as static pages into --output: tracks, tables, entries, explanations,
    and as CSV, JSON, BibTeX and Atom feeds.

    The pages load nothing from elsewhere. They work as files and at any address. The same results give the same bytes.
    An existing site is replaced; any other folder is replaced only with --force.

    Damaged files are left out and named on stderr.

    JSON: an object with tracks, entries (how many), files (their names, sorted) and damaged (a list of lines).
    """
    made = bench.site(output, results=results, force=force, **settings)
    for line in made.damaged:
        say(f"warning: {line}")
    if as_json:
        print_json(asdict(made))
    else:
        counts = f"tracks: {made.tracks:,}, entries: {made.entries:,}, files: {len(made.files):,}"
        echo(f"{output / 'index.html'} ({counts})")
