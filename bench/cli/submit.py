"""Submit images, or a model that makes them, to a track of the leaderboard."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import bench
from bench.cli._findings import show_findings
from bench.cli._options import examples, format_option, json_option, options, path_type
from bench.cli._output import echo, print_facts, print_json, print_tables, progress, say, styled
from bench.settings.boards import SubmitSettings
from bench.tables.scores import figure
from metrics.errors import InputError

if TYPE_CHECKING:
    from bench.leaderboard.entries import Entry
    from bench.measuring.findings import Finding

SETTINGS = Path("submission.toml")
NOT_IN_SETTINGS = {"settings", "init", "dry-run", "force", "json", "format", "trust-code"}


def read_settings_file(ctx: click.Context, parameter: click.Parameter, given: Path | None) -> None:
    """Options of submission.toml become defaults of this command: the command line counts more."""
    path = given or (SETTINGS if SETTINGS.is_file() else None)
    if path is None or ctx.params.get("init"):
        return
    from bench.submissions.about import read_settings

    names = {_word(one): str(one.name) for one in ctx.command.params}
    kinds = {_word(one): _kind(one) for one in ctx.command.params}
    found = read_settings(path, {name: kinds[name] for name in set(names) - NOT_IN_SETTINGS})
    several = {_word(one) for one in ctx.command.params if one.nargs < 0}
    ctx.default_map = {names[name]: [value] if name in several else value for name, value in found.items()}
    say(f"options from {path}")


def _kind(parameter: click.Parameter) -> type:
    """The type of the values of an option."""
    kinds = {click.types.BoolParamType: bool, click.types.IntParamType: int, click.types.FloatParamType: float}
    return next((kind for found, kind in kinds.items() if isinstance(parameter.type, found)), str)


def _word(parameter: click.Parameter) -> str:
    """The name of an option in submission.toml: its long one without dashes; of the argument `path`."""
    return next((name[2:] for name in parameter.opts if name.startswith("--")), str(parameter.name))


@click.command(
    epilog=examples(
        'bench submit samples --track digits --name "My model" --dry-run',
        'bench submit runs/dcgan-digits-seed0 --track digits --name dcgan --seed-policy "seed 0" --json',
        'bench submit generator.onnx --track digits --name "My GAN" --noise-dim 100',
        "bench submit students/* --track digits --roster roster.csv",
        "bench submit --init",
    )
)
@click.argument("path", type=path_type, nargs=-1, metavar="PATH...")
@click.option("--init", is_flag=True, is_eager=True, help="Write a commented submission.toml here, and stop.")
@click.option(
    "--settings",
    type=path_type,
    is_eager=True,
    expose_value=False,
    callback=read_settings_file,
    help="File with these options.  [default: submission.toml, if there is one]",
)
@click.option("--track", metavar="NAME", help="See `bench tracks`.")
@click.option("--name", metavar="TEXT", help="Name of the entry; at most 80 letters. Only with one PATH.")
@click.option(
    "--roster", type=path_type, metavar="FILE", help="CSV with slug (name of the folder), name, authors of each PATH."
)
@options(SubmitSettings)
@format_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    path: tuple[Path, ...],
    init: bool,
    track: str | None,
    name: str | None,
    roster: Path | None,
    settings: dict[str, Any],
    kind: str,
    as_json: bool,
) -> None:
    """Checks the images of PATH, measures them and writes an entry below --results.

    PATH is a set of images (a folder, an archive, an array or a pattern), a checkpoint or run of this project, or an
    .onnx or TorchScript generator with its --noise-dim. Models are sampled here. All problems are listed at once. If
    there is an error, nothing is written and the exit code is 2.

    Several PATHs, such as students/*, are an entry each, with the name of the folder, or with the name and the authors
    that --roster gives it. What is wrong with one stops no other. A table says what was accepted and what was refused,
    with every reason, and names students of the roster who have no PATH yet. Entries of the same images as before stay
    as they are.

    JSON: the entry with its path and the findings; with --dry-run track, good and findings. Of several PATHs: track,
    good, submissions, each with slug, name, authors, given, status, attempts, path, reasons, flags, shared and
    findings, and absent: the slugs of the roster that have no PATH.
    """
    if init:
        from bench.submissions.about import write_template

        write_template(SETTINGS, force=settings["force"])
        echo(SETTINGS)
        return
    several, as_json = len(path) > 1 or roster is not None, as_json or kind == "json"
    if several and name is not None:
        raise InputError("--name is of one PATH; several have the names of their folders, or those of a --roster")
    if several and track is not None:
        _submit_all(path, track, roster, settings, "json" if as_json else kind)
        return
    if not several and kind not in ("terminal", "json"):
        raise InputError(f"--format {kind} is of the table of several PATHs; leave it out")
    if not path or track is None or name is None:
        raise click.UsageError("PATH, --track and --name are needed, here or in a submission.toml (--init).", ctx)
    with progress() as tell:
        made = bench.submit(
            path[0],
            track=track,
            name=name,
            say=say,
            found=lambda findings: _show_findings(track, findings, as_json, settings["dry_run"]),
            progress=tell,
            **settings,
        )
    if made.entry is None:
        say("the checks found no error; submit without --dry-run")
    elif as_json:
        print_json({**asdict(made.entry), "path": str(made.path), "findings": _plain(made.findings)})
    else:
        _show(made.entry)
        say(f"entry    {made.path}")


def _submit_all(paths: tuple[Path, ...], track: str, roster: Path | None, settings: dict[str, Any], kind: str) -> None:
    """Hand in a class and print what became of each; InputError where some were refused."""
    with progress() as tell:
        made = bench.submit_all(paths, track=track, roster=roster, say=say, progress=tell, **settings)
    if kind == "json":
        print_json(made.as_dict())
    else:
        print_tables([made.table], kind, f"bench: {made.table.title}")
    if made.refused:
        few, all_of = len(made.refused), len(made.submissions)
        raise InputError(f"{few:,} of {all_of:,} {'was' if few == 1 else 'were'} refused; the table has the reasons")


def _show_findings(track: str, findings: "tuple[Finding, ...]", as_json: bool, dry_run: bool) -> None:
    """What the checks found, before anything is measured; as JSON, where nothing will be."""
    good = not any(finding.level == "error" for finding in findings)
    if not as_json:
        show_findings(findings)
    elif dry_run or not good:
        print_json({"track": track, "good": good, "findings": _plain(findings)})


def _plain(findings: "tuple[Finding, ...]") -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def _show(entry: "Entry") -> None:
    """Every score of an entry, by the titles that its metrics have, and why it would not be ranked."""
    from bench.measuring.flags import flags_of
    from bench.measuring.scoring import load_metrics
    from bench.protocol import of_one_part, titled

    chosen = load_metrics(one.name for one in (*entry.rules.protocol.metrics, entry.rules.memorisation))
    options = entry.rules.protocol.options
    facts = [
        (titled(output, options(metric.name)), figure(entry.number(metric.name, output.name)))
        for metric in chosen
        for output in metric.outputs
        if metric.name in entry.scores and not of_one_part(output, options(metric.name))
    ]
    echo()
    print_facts([("track", f"{entry.track}, id {entry.track_id}"), ("entry", entry.about.name), *facts])
    for reason in flags_of(entry.scores):
        echo(styled("flagged:", fg="red"), " ", reason)
