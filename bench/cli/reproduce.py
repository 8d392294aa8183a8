"""The published runs: how they stand, and made again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import bench
from bench.cli._options import examples, json_option, option, options
from bench.cli._output import duration, echo, print_columns, print_json, progress, say
from bench.cli._running import say_notes
from bench.names import counted
from bench.settings.models import PlannedSettings, ReproduceSettings
from metrics.errors import InputError

if TYPE_CHECKING:
    from bench.reproducing.comparing import Made
    from bench.reproducing.standing import Standing

GOOD = ("same images", "agrees")


@click.command(
    epilog=examples(
        "bench reproduce --list",
        "bench reproduce --check",
        "bench reproduce gan-digits --jobs 2 --threads 1 --minutes 60",
    )
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listed", is_flag=True, help="Say how they stand, and stop.")
@option(PlannedSettings, "timed")
@click.option("--all", "every", is_flag=True, help="All runs of the plan.")
@options(ReproduceSettings)
@json_option
def command(
    names: tuple[str, ...], listed: bool, timed: bool, every: bool, settings: dict[str, Any], as_json: bool
) -> None:
    """Makes the published runs of these NAMEs again, as results/plan.toml names them.

    Each is trained, sampled and measured by `bench run` with its data, settings, budget and seeds. What comes out is
    compared with what is published: the same images bit for bit, a FID within the tolerance of the plan, or not. What
    is there stays, what has begun goes on, and one that fails does not stop the others. Ctrl-C keeps all checkpoints.

    --list says which runs are there, stale, failed, begun or missing, and how long their training took; with --timed
    also how long it takes here. A run is stale if its protocol, the code of its model or its recipe is another one
    today. --check makes the first seed of the smallest runs, or of the named ones, and writes nothing; it is for
    continuous integration.

    Exit code 1: a run differs from what is published, or --check did not confirm it. 2: a run failed.

    JSON: with --list a list of objects with name, seed, state, why, took_seconds, takes_seconds; otherwise with name,
    seed, domain, verdict, fid, published, tolerance, why, record.
    """
    if listed or timed:
        where = {name: settings[name] for name in ("workdir", "data_root", "results")}
        _show_standings(bench.planned(names, timed=timed, **where), as_json)
        return
    if not (names or every or settings["check"]):
        raise InputError("give the NAME of a run, or --all; `bench reproduce --list` shows them")
    if names and every:
        raise InputError("--all and a NAME are two ways to say it; leave one out")
    try:
        with progress("seeds") as tell:
            made = bench.reproduce(names, progress=tell, **settings)
    except KeyboardInterrupt as error:
        say_notes(error, "; the same command goes on with them")
        raise
    _show_made(made, as_json)
    raise SystemExit(_exit_code(made, settings["check"]))


def _exit_code(made: "Sequence[Made]", check: bool) -> int:
    verdicts = {one.verdict for one in made}
    if "failed" in verdicts:
        return 2
    return int("differs" in verdicts or (check and not verdicts <= set(GOOD)))


def _show_standings(found: "Sequence[Standing]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (one.name, str(one.seed), one.state, _took(one.took_seconds), _took(one.takes_seconds), one.why)
        for one in found
    ]
    print_columns(rows, ("run", "seed", "state", "took", "here", ""))
    counts = Counter(one.state for one in found)
    say(f"{counted(len(found), 'training')}: " + ", ".join(f"{count:,} {state}" for state, count in counts.items()))


def _show_made(made: "Sequence[Made]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in made])
        return
    rows = [
        (" ".join(filter(None, (one.name, one.domain))), str(one.seed), *map(_number, (one.fid, one.published)), told)
        for one in made
        for told in [": ".join(filter(None, (one.verdict, one.why)))]
    ]
    print_columns(rows, ("run", "seed", "FID", "published", "verdict"))
    for path in dict.fromkeys(one.record for one in made if one.record):
        say(f"record   {Path(path)}")
    if not made:
        echo("nothing to make")


def _took(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
