"""Where each entry of a class stands: as a table, as CSV, or as Gradescope's results.json."""

from pathlib import Path

import click

import bench
from bench.cli._options import examples, format_option, json_option, path_type
from bench.cli._output import print_json, print_tables, say
from bench.cli._running import results_option
from bench.names import counted


@click.command(
    epilog=examples(
        "bench grades digits --format csv",
        "bench grades digits --results results --gradescope for-gradescope --points 10",
    )
)
@click.argument("track")
@click.option("--roster", type=path_type, metavar="FILE", help="CSV as of `bench submit`: these students alone, all.")
@click.option("--gradescope", type=path_type, metavar="DIR", help="New folder for SLUG/results.json of each.")
@click.option("--points", type=float, default=1.0, show_default=True, help="In results.json, of an entry with a rank.")
@format_option
@results_option
@json_option
def command(
    track: str,
    roster: Path | None,
    gradescope: Path | None,
    points: float,
    kind: str,
    results: Path,
    as_json: bool,
) -> None:
    """Shows where each entry of TRACK stands, a row for each.

    Authors, time in UTC, how often it was submitted, rank and score with their 95 % intervals, why it is flagged, and
    what it shares with other entries. With --roster, a student without an entry has a row too.

    --gradescope writes the file that Gradescope reads: the points of an entry that is ranked are --points, of any other
    one 0. What an entry shares with others is shown to instructors alone.

    JSON: name, title, columns, rows, notes.
    """
    from bench.tables.table import json_values

    table = bench.grades(track, roster=roster, gradescope=gradescope, points=points, results=results)
    if as_json or kind == "json":
        print_json(json_values(table))
    else:
        print_tables([table], kind, f"bench: {table.title}")
    if gradescope is not None:
        say(f"{counted(len(table.rows), 'file')} below {gradescope}")
