"""Tracks of the leaderboard: what can be submitted to, and by which rules."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import echo, print_columns, print_facts, print_json, say
from bench.cli._running import data_root_option, results_option
from bench.registry import load_all
from bench.settings.boards import NewTrackSettings
from bench.storage.records import slug
from bench.storage.result_places import DATASETS, look_in


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

    look_in(results)
    lines = list_tracks(results, data_root)
    for error in load_all("datasets")[1].values():
        say(f"left out: {error}")
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

    look_in(results)
    track = find_track(name)
    rules, why = stored_rules(track, results), ""
    if rules is None:
        try:
            rules = open_track(track, measure_of(track, weights_file=weights, offline=True), data_root).rules
        except InputError as error:
            why = _why(error)
    words = rules_in_words(track, rules, why)
    if as_json:
        known = {"id": rules and rules.id, "rules": rules and asdict(rules)}
        print_json({"name": track.name, **known, "words": [list(fact) for fact in words]})
    else:
        print_facts(words)


def _why(error: BaseException) -> str:
    """What is missing and how to get it; that nothing is fetched here is nobody's choice, and is not told."""
    from bench.weights import MissingWeights

    first = error
    while first.__cause__:
        first = first.__cause__
    if isinstance(first, MissingWeights):
        return f"{first.why}; `bench weights` shows where they are looked for and how to get them"
    return str(error)


@command.command(
    epilog=examples(
        "bench tracks new my-faces --real faces",
        "bench tracks new my-shapes --real drawn/test --train drawn/train --grey --size 32 --extractor digits-cnn",
    )
)
@click.argument("name")
@click.option("--real", type=path_type, required=True, metavar="DIR", help="The images that are measured against.")
@options(NewTrackSettings)
@json_option
def new(name: str, real: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Makes a data set and a track NAME of your own images.

    From then on NAME is a data set and a track: `bench run --dataset NAME`, `bench submit --track NAME`, and
    NAME:real-1 wherever a set of images is named. It writes a small file datasets/NAME.toml below --results and copies
    no image.

    Folders A and B are two domains. They are pairs if the same names are in both. Other folders, two or more, are
    classes. Folders train and test inside --real are the splits.

    JSON: an object with name, file, splits (images of each, a list if there are two domains), real (images in each real
    set), classes, domains and paired.
    """
    made = bench.new_track(name, real, **settings)
    file = settings["results"] / DATASETS / f"{name}.toml"
    real_sets = made.eval_sets or {}
    count = min(count for _, count in real_sets.values())
    if as_json:
        kind = {"classes": list(made.classes), "domains": list(made.domains), "paired": made.paired}
        print_json({"name": name, "file": str(file), "splits": dict(made.splits), "real": count, **kind})
        return
    echo(file)
    facts = [("splits", ", ".join(f"{split} {_counted(images)}" for split, images in made.splits.items()))]
    facts.append(("real sets", f"two of {count:,} images"))
    if made.classes:
        facts.append(("classes", f"{len(made.classes):,}: {', '.join(made.classes[:8])}"))
    if made.domains:
        facts.append(("domains", " and ".join(made.domains) + (", in pairs" if made.paired else ", not paired")))
    print_facts(facts)
    model = ("pix2pix" if made.paired else "cyclegan") if made.domains else "dcgan"
    echo(f"train on it: bench run --model {model} --dataset {name}")
    for subject in [f"{name}/{domain}" for domain in made.domains] or [name]:
        track = slug(subject) + _offline(made.extractors)
        echo(f"hand in {count:,} images to it: bench submit IMAGES --track {track} --name NAME")


def _counted(images: Any) -> str:
    return " + ".join(f"{one:,}" for one in images) if isinstance(images, tuple) else f"{images:,}"


def _offline(extractors: tuple[str, ...]) -> str:
    return "-offline" if extractors[0] != extractors[-1] else ""
