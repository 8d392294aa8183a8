"""Which weights of extractors are there, and how to get the others."""

from dataclasses import asdict

import click

from bench.cli._options import examples, json_option
from bench.cli._output import print_columns, print_json, progress, say


@click.group(invoke_without_command=True, epilog=examples("bench weights", "bench weights --json"))
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Lists the weight files of all extractors: where each is, or the address that it comes from.

    A file is looked for at --weights, in $BENCH_WEIGHTS (a file or a folder), in the cache folder, and where torch.hub,
    torch-fidelity and pytorch-fid keep theirs. Any one file of an extractor suffices.

    JSON: a list of objects with extractor, name, url, sha256, size, licence, path (null where missing), place.
    """
    if ctx.invoked_subcommand is not None:
        return
    from bench import weights

    rows = [{**asdict(row), "path": row.path and str(row.path)} for row in weights.status()]
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["extractor"],
            row["name"],
            f"{row['size'] / 1e6:.1f} MB",
            row["place"] or "missing",
            row["path"] or row["url"],
        )
        for row in rows
    ]
    print_columns(shown, ("extractor", "file", "size", "place", "path or address"))
    if any(row["path"] is None for row in rows):
        click.echo("get what is missing with: bench weights fetch EXTRACTOR")


@command.command(epilog=examples("bench weights fetch inception", "bench weights fetch inception-torchvision --json"))
@click.argument("extractor")
@click.option("--offline", is_flag=True, help="Only look whether they are there.")
@json_option
def fetch(extractor: str, offline: bool, as_json: bool) -> None:
    """Downloads the weights of EXTRACTOR into the cache folder and checks their sha256.

    A download that broke off is continued; what is there already is kept.

    JSON keys: extractor, path.
    """
    from bench import registry, weights

    name = registry.resolve("extractors", extractor)
    with progress("bytes") as tell:
        path = weights.fetch(name, lambda done, total: tell(name, done, total), offline)
    if as_json:
        print_json({"extractor": name, "path": str(path)})
    else:
        click.echo(path)
        say(f"sha256 checked; `bench fid A B --extractor {name}` uses it")
