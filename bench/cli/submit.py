"""Submit images, or a model that makes them, to a track of the leaderboard."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._findings import show_findings
from bench.cli._options import data_root_option, examples, gathered, json_option, path_type, workers_option
from bench.cli._output import echo, figure, print_facts, print_json, progress, say, styled
from bench.cli._running import force_option, results_option
from bench.cli._submitting import Running, running_options

if TYPE_CHECKING:
    from bench.leaderboard.entries import About, Entry
    from bench.submissions.generators import GeneratorSpec

SETTINGS = Path("submission.toml")
NOT_IN_SETTINGS = {"settings", "init", "dry-run", "force", "json", "trust-code"}


@dataclass(frozen=True)
class Said:
    """What the submitter says; None where nothing was said."""

    name: str | None
    authors: str
    link: str
    paper: str
    code: str
    licence: str
    extra_data: Any
    seed_policy: str
    note: str


@dataclass(frozen=True)
class Noise:
    """What an ONNX or TorchScript generator is given and gives."""

    noise_dim: str | None
    noise: Any
    output_range: Any


def read_settings_file(ctx: click.Context, parameter: click.Parameter, given: Path | None) -> None:
    """Options of submission.toml become defaults of this command: the command line counts more."""
    path = given or (SETTINGS if SETTINGS.is_file() else None)
    if path is None or ctx.params.get("init"):
        return
    from bench.submissions.about import read_settings

    names = {_word(one): str(one.name) for one in ctx.command.params}
    kinds = {_word(one): _kind(one) for one in ctx.command.params}
    found = read_settings(path, {name: kinds[name] for name in set(names) - NOT_IN_SETTINGS})
    ctx.default_map = {names[name]: value for name, value in found.items()}
    say(f"options from {path}")


def _kind(parameter: click.Parameter) -> type:
    """The type of the values of an option."""
    kinds = {click.types.BoolParamType: bool, click.types.IntParamType: int, click.types.FloatParamType: float}
    return next((kind for found, kind in kinds.items() if isinstance(parameter.type, found)), str)


def _word(parameter: click.Parameter) -> str:
    """The name of an option in submission.toml: its long one without dashes; of the argument `path`."""
    return next((name[2:] for name in parameter.opts if name.startswith("--")), str(parameter.name))


def about_options(function: Any) -> Any:
    """Everything that the submitter says, as `said`."""
    return gathered(
        function,
        "said",
        Said,
        click.option("--name", metavar="TEXT", help="Name of the entry; at most 80 letters."),
        click.option("--authors", default="", metavar="TEXT"),
        click.option("--link", default="", metavar="URL"),
        click.option("--paper", default="", metavar="TEXT"),
        click.option("--code", default="", metavar="URL"),
        click.option("--license", "licence", default="", metavar="TEXT", help="Of the images."),
        click.option(
            "--extra-data",
            type=click.Choice(("yes", "no", "not said")),
            default="not said",
            show_default=True,
            help="Did you use more than the track's training images?",
        ),
        click.option("--seed-policy", default="", metavar="TEXT", help='For example "seed 0, not selected".'),
        click.option("--note", default="", metavar="TEXT"),
    )


def noise_options(function: Any) -> Any:
    """What a generator is given and gives, as `noise`."""
    return gathered(
        function,
        "noise",
        Noise,
        click.option("--noise-dim", metavar="N", help="Of a generator: the length of its noise, or its shape 100x1x1."),
        click.option(
            "--noise",
            type=click.Choice(("normal", "uniform-1..1", "uniform0..1")),
            default="normal",
            show_default=True,
        ),
        click.option(
            "--output-range", type=click.Choice(("-1..1", "0..1", "0..255")), default="-1..1", show_default=True
        ),
    )


@click.command(
    epilog=examples(
        'bench submit samples --track digits --name "My model" --dry-run',
        'bench submit runs/dcgan-digits-seed0 --track digits --name dcgan --seed-policy "seed 0" --json',
        'bench submit generator.onnx --track digits --name "My GAN" --noise-dim 100',
        "bench submit --init",
    )
)
@click.argument("path", type=path_type, required=False)
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
@about_options
@noise_options
@running_options
@click.option("--reference", is_flag=True, help="Mark a checkpoint as a reference model of this project.")
@click.option("--dry-run", is_flag=True, help="Only check the images.")
@click.option("--weights", type=path_type, metavar="FILE", help="Weights of the extractor.  [env: BENCH_WEIGHTS]")
@click.option("--offline", is_flag=True, help="Never download weights; BENCH_OFFLINE=1 does the same.")
@workers_option
@data_root_option
@results_option
@force_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    path: Path | None,
    init: bool,
    track: str | None,
    said: Said,
    noise: Noise,
    running: Running,
    reference: bool,
    dry_run: bool,
    weights: Path | None,
    offline: bool,
    workers: int,
    data_root: Path | None,
    results: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Checks the images of PATH, measures them and writes an entry below --results.

    PATH is a folder, .zip or .npz of images, a checkpoint or run of this project, or an .onnx or TorchScript generator
    with its --noise-dim. Models are sampled here. All problems are listed at once. If there is an error, nothing is
    written and the exit code is 2.

    JSON: the entry with its path and the findings; with --dry-run track, good and findings.
    """
    from bench.leaderboard.open_tracks import measure_of, open_track
    from bench.leaderboard.tracks import find_track, subject_of
    from bench.submissions.about import write_template
    from bench.submissions.material import open_material
    from bench.submissions.submitting import check_images, submit
    from bench.submissions.writing import earlier_of
    from metrics.errors import InputError

    if init:
        write_template(SETTINGS, force=force)
        echo(SETTINGS)
        return
    if path is None or track is None or said.name is None:
        raise click.UsageError("PATH, --track and --name are needed, here or in a submission.toml (--init).", ctx)
    chosen, about = find_track(track), _about(said)
    subject, how = subject_of(chosen, data_root), running.how(_generator(noise))
    with progress() as tell:
        opened = None
        if not dry_run:
            earlier_of(_place(results, chosen.name, about), about.name, force=force)
            measure = measure_of(chosen, weights_file=weights, offline=offline, device=running.device, workers=workers)
            opened = open_track(chosen, measure, data_root, tell)
        material = open_material(path, chosen, subject, how, reference=reference)
        checked = check_images(material, chosen, subject, opened, workers=workers, report=tell)
        findings = [asdict(finding) for finding in checked.findings]
        if not as_json:
            show_findings(checked.findings)
        elif dry_run or not checked.good:
            print_json({"track": chosen.name, "good": checked.good, "findings": findings})
        if not checked.good:
            errors = sum(finding.level == "error" for finding in checked.findings)
            raise InputError(f"{errors} {'error' if errors == 1 else 'errors'} in {path}; nothing was written")
        if opened is None:
            say("the checks found no error; submit without --dry-run")
            return
        place, entry = submit(checked, opened, about, results, force=force)
    if as_json:
        print_json({**asdict(entry), "path": str(place), "findings": findings})
    else:
        _show(entry)
        say(f"entry    {place}")


def _about(said: Said) -> "About":
    from bench.leaderboard.entries import About
    from bench.submissions.about import check_about

    return check_about(About(**vars(said)))


def _generator(noise: Noise) -> "GeneratorSpec | None":
    from bench.submissions.generators import GeneratorSpec, parse_shape

    if noise.noise_dim is None:
        return None
    return GeneratorSpec(parse_shape(noise.noise_dim), noise.noise, noise.output_range)


def _place(results: Path, track: str, about: "About") -> Path:
    from bench.leaderboard.entries import entry_path, slug_of

    return entry_path(results, track, slug_of(about.name))


def _show(entry: "Entry") -> None:
    """Every score of an entry, by the titles that its metrics have, and why it would not be ranked."""
    from bench.measuring.flags import flags_of
    from bench.measuring.scoring import load_metrics

    chosen = load_metrics(one.name for one in (*entry.rules.protocol.metrics, entry.rules.memorisation))
    facts = [
        (output.title, figure(entry.number(metric.name, output.name)))
        for metric in chosen
        for output in metric.outputs
        if metric.name in entry.scores
    ]
    echo()
    print_facts([("track", f"{entry.track}, id {entry.track_id}"), ("entry", entry.about.name), *facts])
    for reason in flags_of(entry.scores):
        echo(styled("flagged:", fg="red"), " ", reason)
