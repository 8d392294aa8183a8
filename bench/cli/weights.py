"""Which weights of extractors and generators are there, and how to get the others."""

from dataclasses import asdict

import click

from bench.cli._options import examples, json_option
from bench.cli._output import echo, print_columns, print_json, progress, say


@click.group(invoke_without_command=True, epilog=examples("bench weights", "bench weights --json"))
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Lists the weight files of all extractors and pretrained generators, with their place or their address.

    bench looks for a file at --weights, in $BENCH_WEIGHTS (a file or a folder), in the cache folder, and in the folders
    of torch.hub, torch-fidelity and pytorch-fid. One file of an extractor is enough.

    JSON: a list of objects with used_by, name, url, sha256, size, licence, path (null if missing), place. If sha256 and
    size are not on record, they are empty and 0.
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
            row["used_by"],
            row["name"],
            f"{row['size'] / 1e6:.1f} MB" if row["size"] else "size unknown",
            row["place"] or "missing",
            row["path"] or row["url"],
        )
        for row in rows
    ]
    print_columns(shown, ("used by", "file", "size", "place", "path or address"))
    if any(row["path"] is None for row in rows):
        echo("download missing files with: bench weights fetch NAME")


@command.command(epilog=examples("bench weights fetch inception", "bench weights fetch biggan-deep-256 --json"))
@click.argument("name")
@click.option("--offline", is_flag=True, help="Only check whether they are here.")
@json_option
def fetch(name: str, offline: bool, as_json: bool) -> None:
    """Downloads the weights of NAME, an extractor or a pretrained generator, into the cache folder.

    The sha256 is checked if it is on record. An interrupted download continues. Existing files are kept.

    JSON keys: used_by, path, checked.
    """
    from bench import registry, weights

    kind = "pretrained" if name.replace("_", "-") in registry.names("pretrained") else "extractors"
    name = registry.resolve(kind, name)
    with progress("bytes") as tell:
        path = weights.fetch(name, lambda done, total: tell(name, done, total or 0), offline)
    checked = all(file.sha256 for file in weights.fetchable(name))
    if as_json:
        print_json({"used_by": name, "path": str(path), "checked": checked})
        return
    echo(path)
    use = f"bench sample {name} -n 16 -o DIR" if kind == "pretrained" else f"bench fid A B --extractor {name}"
    say(f"{'sha256 checked' if checked else 'the sha256 is not on record, so it was not checked'}; `{use}` uses it")
