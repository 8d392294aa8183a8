"""Tracks of the leaderboard: what can be submitted to, and by which rules."""

from dataclasses import asdict
from pathlib import Path

import click

from bench.cli._options import examples, json_option, path_type
from bench.cli._output import echo, print_columns, print_facts, print_json
from bench.cli._running import data_root_option, results_option


@click.group(invoke_without_command=True, epilog=examples("bench tracks", "bench tracks --json"))
@data_root_option
@results_option
@json_option
@click.pass_context
def command(ctx: click.Context, data_root: Path | None, results: Path, as_json: bool) -> None:
    """Lists all tracks. A track is a data set, or one domain of it, with one set of rules and a name.

    The list shows the extractor, the number of images, whether the real images and the weights are here, and the number
    of entries below --results.

    JSON: a list of objects with name, dataset, domain, extractor, images, sets, table, data_here, weights_here,
    entries.
    """
    if ctx.invoked_subcommand is not None:
        return
    from bench.leaderboard.track_words import list_tracks

    lines = list_tracks(results, data_root)
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    rows = [
        (
            line.name,
            line.extractor,
            f"{line.images:,}",
            "here" if line.data_here else "missing",
            "here" if line.weights_here else "missing",
            f"{line.entries:,}" if line.entries else "-",
            line.table,
        )
        for line in lines
    ]
    print_columns(rows, ("track", "extractor", "images", "data", "weights", "entries", ""))
    if not all(line.data_here for line in lines):
        echo("download data with: bench datasets fetch NAME, and weights with: bench weights fetch NAME")


@command.command(epilog=examples("bench tracks show digits", "bench tracks show shapes --json"))
@click.argument("name")
@click.option("--weights", type=path_type, metavar="FILE", help="Weights of the extractor.  [env: BENCH_WEIGHTS]")
@data_root_option
@results_option
@json_option
def show(name: str, weights: Path | None, data_root: Path | None, results: Path, as_json: bool) -> None:
    """Explains every rule of the track NAME in words.

    The id of a track is a hash of everything that changes a number. To show it, bench needs the images and the weights,
    or the record of the track below --results.

    JSON: an object with name, id and rules (null if they are not known), and words, a list of pairs.
    """
    from bench.leaderboard.open_tracks import measure_of, open_track
    from bench.leaderboard.track_words import rules_in_words, stored_rules
    from bench.leaderboard.tracks import find_track
    from metrics.errors import InputError

    track = find_track(name)
    rules, why = stored_rules(track, results), ""
    if rules is None:
        try:
            rules = open_track(track, measure_of(track, weights_file=weights, offline=True), data_root).rules
        except InputError as error:
            why = str(error)
    words = rules_in_words(track, rules, why)
    if as_json:
        known = {"id": rules and rules.id, "rules": rules and asdict(rules)}
        print_json({"name": track.name, **known, "words": [list(fact) for fact in words]})
    else:
        print_facts(words)
