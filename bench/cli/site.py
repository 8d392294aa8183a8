"""The leaderboard as pages: static files that open from a folder as well as from any web host."""

from dataclasses import asdict
from pathlib import Path

import click

import bench
from bench.cli._options import examples, json_option, path_type
from bench.cli._output import echo, print_json, say
from bench.cli._running import force_option, results_option


@click.command(epilog=examples("bench site -o site", "bench site -o public/leaderboard --results results --force"))
@click.option("-o", "--output", type=path_type, required=True, metavar="DIR", help="The folder of the site.")
@results_option
@force_option
@json_option
def command(output: Path, results: Path, force: bool, as_json: bool) -> None:
    """Writes the leaderboard below --results as static pages into --output: tracks, tables, entries, explanations.

    The pages load nothing from elsewhere. They work as files and at any address. The same results give the same bytes.
    An existing site is replaced; any other folder is replaced only with --force.

    Damaged files are left out and named on stderr.

    JSON: an object with tracks, entries (how many), files (their names, sorted) and damaged (a list of lines).
    """
    made = bench.site(output, results=results, force=force)
    for line in made.damaged:
        say(f"warning: {line}")
    if as_json:
        print_json(asdict(made))
    else:
        counts = f"tracks: {made.tracks:,}, entries: {made.entries:,}, files: {len(made.files):,}"
        echo(f"{output / 'index.html'} ({counts})")
