"""Shows, verifies or empties the cache of features and statistics; says what it lacks."""

from datetime import timedelta
from typing import Any

import click

from bench.cli._options import Words, examples, json_option, options
from bench.cli._output import echo, print_columns, print_facts, print_json
from bench.settings.sets import PreciseSettings

KEY_SHOWN = 12
ROWS_SHOWN = 5


@click.group(invoke_without_command=True, epilog=examples("bench cache", "bench cache verify"))
@click.pass_context
@json_option
def command(ctx: click.Context, as_json: bool) -> None:
    """Shows or empties the cache, which keeps the features and statistics of sets that were measured before.

    The key of an entry is the content of the images, the extractor, its weights and the resize. It has no names and no
    dates, so an entry cannot become stale. $BENCH_CACHE names another folder. Without a command: show.
    """
    if ctx.invoked_subcommand is None:
        _show(as_json)


@command.command(epilog=examples("bench cache show", "bench cache show --json"))
@json_option
def show(as_json: bool) -> None:
    """Lists all entries, the oldest first.

    JSON keys: folder, size_bytes, entries (key, what, source, when, size_bytes), engines_bytes (compiled networks).
    """
    _show(as_json)


@command.command(epilog=examples("bench cache verify", "bench cache verify --json"))
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Reads every byte of every entry. The exit code is 1 if an entry is damaged.

    A damaged entry is never used; it is replaced when it is needed. JSON keys: folder, entries (their number), damaged
    (key, problem).
    """
    from bench.storage.cache import open_cache

    cache = open_cache()
    count, damaged = len(cache.entries()), cache.verify()
    if as_json:
        rows = [{"key": finding.key, "problem": finding.problem} for finding in damaged]
        print_json({"folder": str(cache.root), "entries": count, "damaged": rows})
    else:
        for finding in damaged:
            echo(f"damaged: {finding.key[:KEY_SHOWN]} {finding.problem}")
        echo(f"{count - len(damaged):,} of {count:,} entries of {cache.root} are sound")
    if damaged:
        ctx.exit(1)


@command.command(
    epilog=examples(
        "bench cache status digits:train --extractor digits-cnn",
        "bench cache status digits:test --extractor digits-cnn --json",
    )
)
@click.argument("images", metavar="IMAGES")
@click.option(
    "--metrics", type=Words(), default="fid", show_default=True, metavar="M,M,...", help="Look for what these read."
)
@options(PreciseSettings)
@json_option
def status(images: str, metrics: list[str], settings: dict[str, Any], as_json: bool) -> None:
    """Says which images of IMAGES have no features in the cache yet.

    JSON keys: source, images, there, missing, missing_rows (pairs of a first and a last row), tile (images that are
    computed together), folder, extractor, extractor_version, extractor_sha256, resize, taps, limit, seed, version,
    warnings.
    """
    import bench

    result = bench.cache_status(images, metrics=metrics, **settings)
    if as_json:
        print_json(dict(result))
        return
    rows = [f"{first:,} to {last:,}" for first, last in result["missing_rows"]]
    more = [f"... and {len(rows) - ROWS_SHOWN:,} more ranges"] if len(rows) > ROWS_SHOWN else []
    facts = [("images", f"{result['images']:,} {result['source']}"), ("there", f"{result['there']:,}")]
    missing = [("missing rows", ", ".join([*rows[:ROWS_SHOWN], *more]))] if rows else []
    print_facts([*facts, ("missing", f"{result['missing']:,}"), *missing, ("folder", result["folder"])])


@command.command(epilog=examples("bench cache empty", "bench cache empty --older-than 30"))
@click.option("--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="Remove only entries older than this.")
@json_option
def empty(older_than: float | None, as_json: bool) -> None:
    """Removes all entries and compiled networks, or only old ones. They are computed again when they are needed.

    JSON keys: folder, freed_bytes.
    """
    from bench.storage.cache import open_cache
    from bench.storage.engines import empty_engines

    cache = open_cache()
    age = None if older_than is None else timedelta(days=older_than)
    freed = cache.empty(age) + empty_engines(age)
    if as_json:
        print_json({"folder": str(cache.root), "freed_bytes": freed})
    else:
        echo(f"freed {_size(freed)} in {cache.root}")


def _show(as_json: bool) -> None:
    from bench.storage.cache import open_cache
    from bench.storage.engines import engines

    cache = open_cache()
    entries = cache.entries()
    total = sum(entry.size_bytes for entry in entries)
    compiled = sum(path.stat().st_size for path in engines())
    if as_json:
        rows = [
            {
                "key": entry.key,
                "what": entry.what,
                "source": entry.source,
                "when": entry.when.isoformat(),
                "size_bytes": entry.size_bytes,
            }
            for entry in entries
        ]
        print_json({"folder": str(cache.root), "size_bytes": total, "entries": rows, "engines_bytes": compiled})
        return
    lines = [
        (entry.key[:KEY_SHOWN], f"{entry.when:%Y-%m-%d %H:%M}", _size(entry.size_bytes), entry.source, entry.what)
        for entry in entries
    ]
    print_columns(lines, ("key", "written (UTC)", "size", "images", "what"))
    facts = [("folder", str(cache.root)), ("entries", f"{len(entries):,}"), ("size", _size(total))]
    print_facts([*facts, ("compiled networks", _size(compiled))])


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
